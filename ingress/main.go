// Command ingress takes WeChat's pushes over HTTP, checks and opens them, and
// stores each in JetStream before it answers success. It never runs a handler
// and never calls WeChat.
package main

import (
	"context"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/process"
)

func main() {
	var cfg door.Config
	config.MustLoad(&cfg)
	process.Main(door.Name, cfg.Process, func(ctx context.Context, host *process.Host) error {
		return door.Run(ctx, cfg, host)
	})
}
