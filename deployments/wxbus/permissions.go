package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/wxbus/wxbus/deployments/wxbus/permit"
	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

func permissionsCommand() *cobra.Command {
	var o permit.Options
	command := &cobra.Command{
		Use: "permissions PROGRAM", Short: "print what a program must be allowed on NATS, and no more",
		Long: "Prints the permissions that the user of a program needs in the configuration of NATS: of ingress,\n" +
			"sender, apply, or a worker by its name. It is JSON, which NATS reads, and the values of its Helm chart.",
		Example: "  wxbus permissions sender\n  wxbus permissions greeter --ordered",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			encoder := json.NewEncoder(c.OutOrStdout())
			encoder.SetEscapeHTML(false)
			encoder.SetIndent("", "  ")
			return encoder.Encode(permissions(args[0], o))
		},
	}
	command.Flags().BoolVar(&o.Ordered, "ordered", false, "it runs with WORKER_ORDER=user or SENDER_ORDER=user")
	command.Flags().BoolVar(&o.Spool, "spool", false, "it runs with SPOOL_DIR")
	command.Flags().BoolVar(&o.NoAge, "no-age", false, "it may not read the stream by number, and so knows neither age nor lag of what waits")
	return command
}

func permissions(program string, o permit.Options) permit.Permissions {
	switch program {
	case door.Name:
		return permit.Ingress(o)
	case delivery.Name:
		return permit.Sender(o)
	case "apply":
		return permit.Apply()
	}
	return permit.Worker(program, o)
}
