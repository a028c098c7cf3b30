package up

import (
	"context"
	_ "embed"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/wxbus/wxbus/deployments/wxbus/trail"
	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

// exampleMenu fits the rules of the example.
//
//go:embed menu.json
var exampleMenu []byte

// simulator is WeChat on this machine. A nil simulator has no parts.
type simulator struct {
	platform *wxsim.Platform
	trail    *trail.Trail
	listener net.Listener
}

func newSimulator(cfg *Config, doors *doors, b *bus.Bus, log *slog.Logger) (*simulator, error) {
	if !cfg.simulated {
		return nil, nil //nolint:nilnil // a real account has no simulator
	}
	openDoor(cfg, log)
	menu, err := menuOf(cfg.Menu)
	if err != nil {
		return nil, err
	}
	s := &simulator{trail: trail.On(b), listener: doors.page}
	s.platform, err = wxsim.New(wxsim.Options{
		Accounts: accounts(cfg, doors.pushes.Addr(), menu), File: filepath.Join(cfg.Data, "simulator.json"), Log: log,
		URL: "http://" + reachable(doors.page.Addr().String()), Server: s.trail,
	})
	if err != nil {
		return nil, fmt.Errorf("simulator: %w", err)
	}
	s.trail.Changed = s.platform.Traced
	return s, nil
}

// accounts are the simulated ones, as WeChat's console knows them.
func accounts(cfg *Config, pushes net.Addr, menu []byte) []wxsim.Account {
	var accounts []wxsim.Account
	for _, name := range cfg.Door.Accounts.Names() {
		settings := cfg.Door.Accounts[name]
		accounts = append(accounts, wxsim.Account{
			Name: name, AppID: settings.AppID, Token: settings.Token.Reveal(), AESKey: settings.AESKey.Reveal(),
			Secret: cfg.Sender.Accounts[name].Secret.Reveal(),
			URL:    cfg.Door.ServerURL(reachable(pushes.String()), name), Menu: menu,
		})
	}
	return accounts
}

// menuOf reads the menu of all accounts.
func menuOf(file config.File) ([]byte, error) {
	if file == "" {
		return exampleMenu, nil
	}
	menu, err := os.ReadFile(string(file))
	if err != nil {
		return nil, fmt.Errorf("SIM_MENU: %w", err)
	}
	return menu, nil
}

// openDoor leaves out the settings that keep the simulator out: it pushes from
// this machine and knows no certificate.
func openDoor(cfg *Config, log *slog.Logger) {
	if cfg.Door.TLSCert == "" && len(cfg.Door.AllowFrom) == 0 {
		return
	}
	log.Warn("TLS_CERT and ALLOW_FROM are left out: the simulator pushes plain HTTP from this machine")
	cfg.Door.TLSCert, cfg.Door.TLSKey, cfg.Door.AllowFrom = "", "", nil
}

// serving is the simulator's API and page, which the sender needs to the last,
// and what listens to all that the page shows.
func (s *simulator) serving() []part {
	if s == nil {
		return nil
	}
	return []part{{"simulator", s.serve}, {"trail", s.trail.Run}}
}

func (s *simulator) serve(ctx context.Context) error {
	web := &http.Server{Handler: s.platform.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { <-ctx.Done(); _ = web.Close() }()
	_ = web.Serve(s.listener)
	return nil
}

// pushing ends the simulator's deliveries before the ingress goes.
func (s *simulator) pushing() []part {
	if s == nil {
		return nil
	}
	return []part{{"deliveries", func(ctx context.Context) error {
		<-ctx.Done()
		s.platform.Close()
		return nil
	}}}
}
