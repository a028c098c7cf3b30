// Command autoreply answers by rules from a file: texts, welcomes, menu clicks,
// scans. WeChat's own auto-reply is off as soon as a server URL is set.
package main

import (
	"context"

	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/workers/autoreply/rules"
)

func main() {
	var cfg rules.Config
	config.MustLoad(&cfg)
	process.Main(rules.Name, cfg.Process, func(ctx context.Context, host *process.Host) error {
		return rules.Run(ctx, cfg, host)
	})
}
