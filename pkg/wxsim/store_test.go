package wxsim_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wxbus/wxbus/pkg/callback"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

func TestFileKeepsTheChat(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "sim.json")
	keep := func(o *wxsim.Options) { o.File = file }
	server := newServer(t, callback.Safe)
	first := newSim(t, server.URL, keep)
	a := newAPI(t, first)
	if _, err := first.Text(t.Context(), "main", openid, "在吗"); err != nil {
		t.Fatal(err)
	}
	token := a.stable(false).Token
	a.send(token, textTo(openid, "在"))
	before := first.Chat("main", openid)
	first.Close()

	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("file = %v, %v; want one that only its owner reads", info, err)
	}
	if files, _ := os.ReadDir(filepath.Dir(file)); len(files) != 1 {
		t.Errorf("%d files; want 1", len(files))
	}

	second := newSim(t, server.URL, keep)
	b := newAPI(t, second)
	chat := second.Chat("main", openid)
	if len(chat) != 2 || chat[0].Text() != "在吗" || chat[1].Text() != "在" || !chat[0].Push.Accepted {
		t.Fatalf("chat = %+v; want what it was", chat)
	}
	if got := b.send(token, textTo(openid, "还在")); got.Errcode != 0 {
		t.Errorf("send with the token of before = %+v", got)
	}
	sent, err := second.Wait(patience(t), "main", openid, 2)
	if err != nil || len(sent) != 2 || sent[1].ID <= before[1].ID {
		t.Errorf("Wait = %+v, %v", sent, err)
	}
}

func TestBrokenFileIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sim.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	account := testAccount()
	if _, err := wxsim.New(wxsim.Options{Accounts: []wxsim.Account{account}, File: file}); err == nil {
		t.Error("New begins anew and would write over the file")
	}
}

func TestFileOfAnotherAccount(t *testing.T) {
	file := filepath.Join(t.TempDir(), "sim.json")
	first := newSim(t, "", func(o *wxsim.Options) { o.File = file })
	_, _ = first.Text(t.Context(), "main", openid, "a")
	first.Close()
	second := newSim(t, "", func(o *wxsim.Options) { o.File, o.Accounts[0].AppID = file, "wx1" })
	if users := second.Users("main"); len(users) != 0 {
		t.Errorf("users of another AppID: %v", users)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	sim := newSim(t, "", nil)
	ctx := t.Context()
	for range 501 {
		_, _ = sim.Event(ctx, "main", openid, "VIEW", "https://example.com")
	}
	if got := len(sim.Chat("main", openid)); got != 500 {
		t.Errorf("%d messages are kept; want 500", got)
	}
	for range 1000 {
		if _, err := sim.AddUser("main", "x"); err != nil {
			t.Fatal(err)
		}
	}
	if got := len(sim.Users("main")); got != 1000 {
		t.Errorf("%d users are kept; want 1000", got)
	}
}
