// Command sender sends the replies that workers publish through WeChat's
// customer-service API. It is the only program that holds AppSecrets.
package main

import (
	"context"

	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/process"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

func main() {
	var cfg delivery.Config
	config.MustLoad(&cfg)
	process.Main(delivery.Name, cfg.Process, func(ctx context.Context, host *process.Host) error {
		return delivery.Run(ctx, cfg, host)
	})
}
