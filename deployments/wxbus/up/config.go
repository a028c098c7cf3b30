package up

import (
	"cmp"
	"os"
	"slices"
	"strings"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/worker"
	"github.com/wxbus/wxbus/workers/autoreply/rules"
	"github.com/wxbus/wxbus/workers/sender/delivery"
)

// Config are the settings of `wxbus up`: its own, and those of the programs
// that it runs. The programs are connected to the NATS server that it starts,
// whatever NATS_URL says.
type Config struct {
	Data     string      `envconfig:"WXBUS_DATA" default:".wxbus" desc:"folder of all that is kept"`
	NATSAddr config.Addr `envconfig:"NATS_ADDR" desc:"where the embedded NATS server listens, for further workers; default 127.0.0.1:4222, or any free port when that is taken"`
	SimAddr  config.Addr `envconfig:"SIM_ADDR" default:"127.0.0.1:8090" desc:"where the simulator serves its chat page and WeChat's API"`
	Menu     config.File `envconfig:"SIM_MENU" desc:"JSON file with the menu of the simulated accounts, as menu/create takes it; default one that fits the example's rules"`
	Rules    config.File `envconfig:"AUTOREPLY_RULES" desc:"YAML file with the rules of autoreply; default the example that is shipped"`

	Door   door.Config
	Sender delivery.Config
	Worker worker.Settings

	rules     *rules.Rules
	simulated bool
}

// defaultData is the default of WXBUS_DATA.
const defaultData = ".wxbus"

// Load reads the settings. When no account is configured, the simulator stands
// in for WeChat and the accounts get credentials that are kept in the data
// folder.
func Load() (*Config, error) {
	cfg := new(Config)
	names, err := config.AccountNames()
	if err == nil && !anyAccount(names) {
		cfg.simulated = true
		err = MakeAccounts(cmp.Or(os.Getenv("WXBUS_DATA"), defaultData), names)
	}
	if err != nil {
		return cfg, err
	}
	return cfg, config.Load(cfg)
}

// Validate reads the rules: a file with a fault counts as a malformed setting.
func (c *Config) Validate() (err error) {
	if c.Rules == "" {
		c.rules = rules.Example()
		return nil
	}
	file := rules.Config{File: c.Rules}
	err = file.Validate()
	c.rules = file.Rules
	return err
}

// anyAccount reports whether the environment says anything about an account.
func anyAccount(names []string) bool {
	for _, name := range names {
		for _, setting := range []string{"APPID", "TOKEN", "AES_KEY", "SECRET", "MODE", "KIND", "CLOUD_HOSTING"} {
			if os.Getenv(config.AccountPrefix(name)+"_"+setting) != "" {
				return true
			}
		}
	}
	return false
}

// Rows are the settings for the table: each once, without those of a NATS
// server elsewhere.
func Rows() []config.Row {
	seen := map[string]bool{
		"NATS_URL": true, "NATS_CREDS": true, "NATS_CA": true, "NATS_CERT": true, "NATS_KEY": true,
		"AUTO_PROVISION": true, "STREAM_REPLICAS": true,
	}
	return slices.DeleteFunc(config.Rows(new(Config)), func(row config.Row) bool {
		twice := seen[row.Name]
		seen[row.Name] = true
		return twice
	})
}

// accountHint is added to the table of settings.
const accountHint = "\nWithout any of the accounts' variables, the simulator stands in for WeChat."

// Faults prints what is wrong with the settings, and the table.
func Faults(faults error) string {
	var text strings.Builder
	config.Complain(&text, Rows(), faults)
	return text.String()
}

// Usage prints the table of settings.
func Usage() string {
	var text strings.Builder
	config.Usage(&text, Rows())
	return text.String() + accountHint + "\n"
}
