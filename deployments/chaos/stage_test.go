package chaos

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/wxbus/wxbus/pkg/bus"
	"github.com/wxbus/wxbus/pkg/bus/bustest"
	"github.com/wxbus/wxbus/pkg/wxsim"
)

// The account, and the workers: one without order, one with.
const (
	account = "main"
	plain   = "plain"
	lined   = "lined"
	sender  = "sender"
	ingress = "ingress"
)

// How many there are of each, and at most.
const (
	replicas = 2
	most     = 5
)

var credentials = []string{
	"WECHAT_MAIN_APPID=wx0123456789abcdef", "WECHAT_MAIN_TOKEN=weixin", "WECHAT_MAIN_SECRET=0123456789abcdef0123456789abcdef",
	"WECHAT_MAIN_AES_KEY=abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
}

// stage has the programs of one run, and what they left.
type stage struct {
	folder string
	nats   *cluster
	api    *api
	crowd  *crowd
	actors map[string][]*process // by program, but for the nats-servers

	mu     sync.Mutex
	all    []*process
	ends   []func()
	wrongs []string // what should not have happened, beside what the checker finds
}

var built string // the folder with the programs, "" for none

// programs are built once for all runs.
var programs = sync.OnceValues(func() (folder string, err error) {
	if folder, err = os.MkdirTemp("", "wxbus-chaos-programs-"); err != nil {
		return "", err
	}
	built = folder
	const module = "github.com/wxbus/wxbus/"
	build := exec.Command("go", "build", "-o", folder+string(filepath.Separator), "github.com/nats-io/nats-server/v2",
		module+"ingress", module+"workers/sender", module+"deployments/chaos/hand")
	if output, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, output)
	}
	return folder, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	_ = os.RemoveAll(built)
	os.Exit(code)
}

// open starts everything and returns when all is ready.
func open(t *testing.T, p plan) *stage {
	t.Helper()
	if _, err := programs(); err != nil {
		t.Fatal(err)
	}
	folder, err := os.MkdirTemp("", "wxbus-chaos-") //nolint:usetesting // it stays when the test fails
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{folder: folder, api: &api{}, actors: make(map[string][]*process)}
	t.Cleanup(func() {
		s.close()
		if t.Failed() {
			t.Log("what the programs said is in ", folder)
			return
		}
		_ = os.RemoveAll(folder)
	})
	if err := s.start(p); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *stage) start(p plan) error {
	if err := s.startCluster(); err != nil {
		return err
	}
	var doors []string
	for i := range replicas {
		doors = append(doors, bustest.FreeAddr())
		env := []string{"HTTP_ADDR=" + doors[i]}
		if i == 0 { // one with a disk for outages, one without
			env = append(env, "SPOOL_DIR="+filepath.Join(s.folder, "spool"))
		}
		s.actor(ingress, "ingress", env...)
	}
	if err := s.startWeChat(doors); err != nil {
		return err
	}
	for i := range most {
		for _, name := range []string{plain, lined} {
			s.actor(name, "hand", "HAND_NAME="+name, fmt.Sprintf("HAND_LOG=%s/%s-%d.handled", s.folder, name, i+1), "WORKER_ORDER="+orders[name],
				fmt.Sprint("WORKER_ATTEMPTS=", p.attempts[name]), "WORKER_BACKOFF=3s", "WORKER_BACKOFF_MAX=10s")
		}
	}
	order := "none"
	if p.sendersKeepOrder {
		order = "user"
	}
	for i := range replicas {
		url := s.startAPI(fmt.Sprint(sender, "-", i+1))
		s.actor(sender, "sender", "WECHAT_API_URL="+url, "SENDER_ORDER="+order, "SENDER_QUOTA_MESSAGE=200")
	}
	if err := s.startActors(); err != nil {
		return err
	}
	return s.nats.hasten(bus.StreamIn, plain, p.ackWait)
}

var orders = map[string]string{plain: "none", lined: "user"}

// startActors starts as many of each program as there are at rest, behind one
// that creates what is in NATS.
func (s *stage) startActors() error {
	creator := s.actors[ingress][0]
	if err := creator.start(); err != nil {
		return err
	}
	if err := creator.ready(); err != nil {
		return err
	}
	var first []*process
	for _, all := range s.actors {
		first = append(first, all[:replicas]...)
	}
	if err := each(first, (*process).start); err != nil {
		return err
	}
	return each(first, (*process).ready)
}

func (s *stage) startWeChat(doors []string) (err error) {
	wechat := wxsim.Account{
		Name: account, AppID: valueOf("APPID"), Token: valueOf("TOKEN"), AESKey: valueOf("AES_KEY"), Secret: valueOf("SECRET"),
		URL: "http://ingress.test/wechat/" + account,
	}
	s.api.platform, err = wxsim.New(wxsim.Options{
		Accounts: []wxsim.Account{wechat}, NoQuota: true, RetryPause: time.Second, Client: balancer(doors),
	})
	if err != nil {
		return err
	}
	s.atEnd(s.api.platform.Close)
	s.crowd = newCrowd(s.api.platform)
	return nil
}

func valueOf(name string) string {
	for _, setting := range credentials {
		if value, ok := strings.CutPrefix(setting, "WECHAT_MAIN_"+name+"="); ok {
			return value
		}
	}
	return ""
}

// actor adds a replica of one of our programs, with a link of its own to NATS.
func (s *stage) actor(role, program string, env ...string) {
	link, err := newLink(s.nats.addrs)
	if err != nil {
		s.wrong("link: %v", err)
		return
	}
	s.atEnd(link.close)
	name, admin := fmt.Sprint(role, "-", len(s.actors[role])+1), bustest.FreeAddr()
	settings := append([]string{
		"NATS_URL=" + link.url(), "STREAM_REPLICAS=3", "LOG_FORMAT=json", "ADMIN_ADDR=" + admin, "PATH=" + os.Getenv("PATH"),
	}, credentials...)
	s.actors[role] = append(s.actors[role], s.add(&process{
		name: name, path: s.binary(program), env: append(settings, env...), admin: admin + "/readyz", link: link, ours: true,
	}))
}

// add adds a process, which is not started yet.
func (s *stage) add(p *process) *process {
	p.log, p.wrong = filepath.Join(s.folder, p.name+".log"), s.wrong
	s.all = append(s.all, p)
	return p
}

func (s *stage) binary(name string) string { return filepath.Join(built, name) }

// wrong notes something that should not have happened.
func (s *stage) wrong(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrongs = append(s.wrongs, fmt.Sprintf(format, args...))
}

func (s *stage) atEnd(end func()) { s.ends = append(s.ends, end) }

func (s *stage) close() {
	_ = each(s.all, func(p *process) error { p.stop(syscall.SIGKILL); return nil })
	for _, end := range slices.Backward(s.ends) {
		end()
	}
}

// each does the same to several processes at the same time.
func each(all []*process, do func(*process) error) error {
	var group errgroup.Group
	for _, p := range all {
		group.Go(func() error { return do(p) })
	}
	return group.Wait()
}
