package main_test

import (
	"context"
	"encoding/json"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// shots, if set, is a folder for pictures of the page's states.
var shots = os.Getenv("WXBUS_SHOTS")

// chromium returns the path of a browser. Where there is none, the tests of the
// page are left out, but not in CI.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no chromium found: install it, as .ci/run does")
	}
	t.Skip("no chromium found: the page is not tested")
	return ""
}

var engine struct {
	once sync.Once
	ctx  context.Context //nolint:containedctx // of the process that all tests share
	stop func()
}

// browser is a window of its own, which nothing of other tests is in.
type browser struct {
	t   *testing.T
	ctx context.Context //nolint:containedctx // chromedp wants it so

	mu     sync.Mutex
	faults []string // of the console
}

// browse opens a window that is as large as a desk's or a phone's.
func browse(t *testing.T, address string, width, height int64, more ...chromedp.Action[chromedp.Void]) *browser {
	t.Helper()
	path := chromium(t)
	engine.once.Do(func() {
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU)
		allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
		ctx, cancel := chromedp.NewContext(allocator)
		engine.ctx, engine.stop = ctx, func() { cancel(); stop() } //nolint:fatcontext // once, for all tests
		if err := chromedp.Do(ctx); err != nil {
			t.Fatal(err)
		}
	})
	ctx, cancel := chromedp.NewContext(engine.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	ctx, end := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(end)
	b := &browser{t: t, ctx: ctx}
	b.run(chromedp.EmulateViewport(width, height))
	go b.listen(chromedp.Console(ctx))
	b.run(more...)
	b.run(chromedp.Navigate(address))
	b.until("the page is there", `document.querySelector('#language')?.textContent && document.querySelector('#offline').hidden`)
	return b
}

// scheme has the page be light or dark.
func scheme(name string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
		})
		return err
	})
}

// speaks is the language of the browser.
func speaks(language string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
			UserAgent: "Mozilla/5.0 (X11; Linux x86_64) Chromium", AcceptLanguage: language,
		})
		return err
	})
}

// listen keeps what goes wrong in the page.
func (b *browser) listen(messages iter.Seq2[chromedp.ConsoleMessage, error]) {
	for m, err := range messages {
		if err != nil {
			return // the window is closed
		}
		switch m.Type {
		case "error", "warning", chromedp.ConsoleException, "assert":
			b.fault(string(m.Type) + ": " + m.Text + " " + m.URL)
		}
	}
}

func (b *browser) fault(text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, text)
}

// clean checks that nothing went wrong but what a test expects.
func (b *browser) clean(expected ...string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range b.faults {
		known := false
		for _, one := range expected {
			known = known || strings.Contains(text, one)
		}
		if !known {
			b.t.Errorf("the console says %s", text)
		}
	}
}

func (b *browser) run(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// until waits until an expression is true in the page.
func (b *browser) until(what, expression string) {
	b.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		done, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		if err == nil && done {
			return
		}
		if time.Now().After(deadline) || b.ctx.Err() != nil {
			b.shot("failed-" + strings.ReplaceAll(b.t.Name(), "/", "-"))
			b.t.Fatalf("not within 30 s: %s; %v; the phone shows %q, the console says %q", what, err, b.text("#phone"), b.faults)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// shows waits until an element holds a text.
func (b *browser) shows(selector, text string) {
	b.t.Helper()
	quoted, _ := json.Marshal(text)
	b.until(selector+" shows "+text, `[...document.querySelectorAll(`+"`"+selector+"`"+`)].some(e => e.textContent.includes(`+string(quoted)+`))`)
}

// text is what an element says, "" when there is none.
func (b *browser) text(selector string) string {
	text, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.querySelector(`"+selector+"`)?.innerText ?? ''"))
	return text
}

// js runs an expression in the page.
func (b *browser) js(expression string) {
	b.t.Helper()
	if _, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool]("("+expression+", true)")); err != nil {
		b.t.Fatal(err)
	}
}

// click presses on what a selector finds, with the mouse.
func (b *browser) click(selector string) {
	b.t.Helper()
	b.run(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible))
}

// press presses on the element of a kind that says a text.
func (b *browser) press(selector, text string) {
	b.t.Helper()
	quoted, _ := json.Marshal(text)
	find := `[...document.querySelectorAll(` + "`" + selector + "`" + `)].findLast(e => e.textContent.trim() === ` + string(quoted) + `)`
	b.until(selector+" says "+text, find)
	at, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]float64](`(e => {
		e.scrollIntoView({ block: 'nearest' });
		const r = e.getBoundingClientRect();
		return [r.x + r.width / 2, r.y + r.height / 2];
	})(`+find+`)`))
	if err != nil {
		b.t.Fatal(err)
	}
	b.run(chromedp.MouseClickXY(at[0], at[1]))
}

// write types a text and Enter.
func (b *browser) write(text string) {
	b.t.Helper()
	b.fill("#text", text)
	b.run(key("Enter", 13))
}

// key presses a key, as a keyboard does.
func key(name string, code int64) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, kind := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
			_, err := cdp.Call(ctx, target, input.DispatchKeyEvent, input.DispatchKeyEventParams{
				Type: kind, Key: name, Code: name, WindowsVirtualKeyCode: code, NativeVirtualKeyCode: code,
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// choose picks an entry of a list.
func (b *browser) choose(selector, value string) {
	b.t.Helper()
	b.js("(e => { e.value = `" + value + "`; e.dispatchEvent(new Event('change', { bubbles: true })); })(document.querySelector(`" + selector + "`))")
}

// shot takes a picture, if pictures are wanted.
func (b *browser) shot(name string) {
	b.t.Helper()
	if shots == "" {
		return
	}
	time.Sleep(300 * time.Millisecond) // what moves comes to rest
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Log(err)
		return
	}
	if err := os.WriteFile(filepath.Join(shots, name+".png"), picture, 0o600); err != nil {
		b.t.Log(err)
	}
}

// fill types a text into a field. (SendKeys looks at the field's attributes,
// which the browser may be changing.)
func (b *browser) fill(field, text string) {
	b.t.Helper()
	b.until(field+" has the focus", `(e => { e?.focus(); return e && document.activeElement === e; })(document.querySelector('`+field+`'))`)
	b.run(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, input.InsertText, input.InsertTextParams{Text: text})
		return err
	}))
}
