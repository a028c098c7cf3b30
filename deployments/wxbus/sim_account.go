package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/wxbus/wxbus/ingress/door"
	"github.com/wxbus/wxbus/pkg/config"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

// accountFlags say which account the simulator plays, and before which server
// it stands.
type accountFlags struct {
	account, url, appID, token, aesKey, mode string
}

func (f *accountFlags) add(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&f.url, "url", "", "of the account on the server (default http://127.0.0.1:8080/wechat/ and its name)")
	flags.StringVar(&f.account, "account", "main", "name of the account in the settings")
	flags.StringVar(&f.appID, "appid", "", "AppID, instead of the setting")
	flags.StringVar(&f.token, "token", "", "Token, instead of the setting")
	flags.StringVar(&f.aesKey, "aes-key", "", "EncodingAESKey, instead of the setting")
	flags.StringVar(&f.mode, "mode", "", "plain, compat or safe (default as set, or safe with an EncodingAESKey, else plain)")
}

// complete returns the account, with what the flags left from the settings.
func (f *accountFlags) complete() (wxsim.Account, error) {
	a := wxsim.Account{
		Name: f.account, URL: cmp.Or(f.url, "http://127.0.0.1:8080/wechat/"+f.account),
		AppID: f.appID, Token: f.token, AESKey: f.aesKey, Mode: wxsim.Mode(f.mode),
	}
	if a.AppID != "" && a.Token != "" {
		return a, nil
	}
	var cfg struct{ Accounts config.Accounts[door.Account] }
	if err := config.Load(&cfg); err != nil {
		return a, fmt.Errorf("set the account, or give --appid, --token and --aes-key:\n%w", err)
	}
	settings, known := cfg.Accounts[f.account]
	if !known {
		return a, fmt.Errorf("--account: %q is not one of WECHAT_ACCOUNTS", f.account)
	}
	a.AppID = cmp.Or(a.AppID, settings.AppID)
	a.Token = cmp.Or(a.Token, first(settings.Token))
	a.AESKey = cmp.Or(a.AESKey, first(settings.AESKey))
	a.Mode = wxsim.Mode(cmp.Or(f.mode, settings.Mode))
	return a, nil
}

// first returns the new one of new,old.
func first(secret config.Secret) string {
	if parts := secret.List(); len(parts) > 0 {
		return parts[0]
	}
	return ""
}
