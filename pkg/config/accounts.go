package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

const (
	accountsVar  = "WECHAT_ACCOUNTS"
	accountsDesc = "names of the accounts served, a comma list of [a-z0-9-]; each has variables of its own, the name in upper case with - as _"
)

var accountName = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// Accounts are the settings T of every account that WECHAT_ACCOUNTS names, by
// the account's name. The variables of account main begin with WECHAT_MAIN_.
type Accounts[T any] map[string]T

// Names returns the accounts' names in order.
func (a Accounts[T]) Names() []string {
	names := make([]string, 0, len(a))
	for name := range a {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// AccountPrefix returns what the variables of an account begin with, without
// the underscore that follows.
func AccountPrefix(account string) string {
	return "WECHAT_" + strings.ToUpper(strings.ReplaceAll(account, "-", "_"))
}

// AccountNames reads WECHAT_ACCOUNTS. Its error joins all faults; names are
// those without one.
func AccountNames() ([]string, error) {
	text, set := os.LookupEnv(accountsVar)
	if !set {
		text = "main"
	}
	var names []string
	var faults []error
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		switch {
		case !accountName.MatchString(name):
			faults = append(faults, fmt.Errorf("%s: %q is not a name of 1 to 32 of [a-z0-9-]", accountsVar, name))
		case slices.Contains(names, name):
			faults = append(faults, fmt.Errorf("%s: %q stands there twice", accountsVar, name))
		default:
			names = append(names, name)
		}
	}
	return names, errors.Join(faults...)
}

func (a *Accounts[T]) load() []error {
	names, err := AccountNames()
	faults := prefixed("", err)
	*a = make(Accounts[T], len(names))
	for _, name := range names {
		var account T
		faults = append(faults, loadStruct(AccountPrefix(name), reflect.ValueOf(&account).Elem())...)
		(*a)[name] = account
	}
	return faults
}

func (a *Accounts[T]) rows() []Row {
	var account T
	rows := []Row{{Name: accountsVar, Type: "List", Default: "main", Desc: accountsDesc}}
	return append(rows, structRows("WECHAT_<ACCOUNT>", reflect.ValueOf(&account).Elem())...)
}
