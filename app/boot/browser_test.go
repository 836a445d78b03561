package boot_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/matryer/is"
)

var screenshots = flag.String("screenshots", "", "a folder to keep pictures in of what a seller's browser shows")

// window is a tab of a real browser.
type window struct {
	t   *testing.T
	ctx context.Context

	mu    sync.Mutex
	wrong []string // what the browser complained about: scripts that fail, what a policy stopped
}

// openBrowser starts Chromium without a screen. It ends with the test.
func openBrowser(t *testing.T) *window {
	t.Helper()
	var program string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Fatal("there is no Chromium: .ci/need chromium installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 900),
		chromedp.WSURLReadTimeout(2*time.Minute), chromedp.Flag("lang", "en-GB"))
	if os.Getuid() == 0 { // Chromium's sandbox refuses root
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Minute)
	ctx, end := chromedp.NewExecAllocator(ctx, options...)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(func() {
		_ = chromedp.Cancel(ctx) // waits for the browser
		closeTab()
		end()
		stop()
	})
	w := &window{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, w.hear); err != nil {
		t.Fatal(err)
	}
	return w
}

// hear takes notice of what the browser complains about.
func (w *window) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if e.ExceptionDetails.Exception != nil {
			text += " " + e.ExceptionDetails.Exception.Description
		}
		w.wrong = append(w.wrong, text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			w.wrong = append(w.wrong, e.Entry.Text)
		}
	}
}

// complaints are what the browser complained about since it was last asked.
func (w *window) complaints() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.wrong
	w.wrong = nil
	return all
}

func (w *window) do(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, actions...); err != nil {
		w.picture("failure")
		w.t.Fatalf("%v: at %s: %s", err, w.address(), w.text("body"))
	}
}

// press clicks on what a selector finds.
func (w *window) press(selector string) {
	w.t.Helper()
	w.do(chromedp.Click(chromedp.CSS(selector), chromedp.NodeVisible, chromedp.NodeEnabled))
}

// until waits until a script's expression is true.
func (w *window) until(what, expression string) {
	w.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		done, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		if err == nil && done {
			return
		}
		if time.Now().After(deadline) {
			w.picture("failure")
			w.t.Fatalf("never: %s: %v: at %s: %s", what, err, w.address(), w.text("body"))
		}
	}
}

// text is what people read in the first element that a selector finds; "" if there is none.
func (w *window) text(selector string) string {
	text, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string](fmt.Sprintf("document.querySelector(%q)?.innerText ?? ''", selector)))
	return text
}

// address is what the address bar shows.
func (w *window) address() string {
	address, _ := chromedp.Run(w.ctx, chromedp.Location())
	return address
}

// picture keeps what the browser shows, if somebody asked for pictures: wide and light, narrow and dark.
func (w *window) picture(name string) {
	if *screenshots == "" {
		return
	}
	for _, look := range []struct {
		name, scheme  string
		width, height int64
	}{{"wide", "light", 1280, 900}, {"narrow", "dark", 390, 844}} {
		w.look(look.scheme, look.width, look.height)
		png, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(100))
		if err == nil {
			err = os.MkdirAll(*screenshots, 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(*screenshots, name+"-"+look.name+".png"), png, 0o600)
		}
		if err != nil {
			w.t.Error(err)
		}
	}
	w.look("light", 1280, 900)
}

// look changes how the window looks.
func (w *window) look(scheme string, width, height int64) {
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
	if err == nil {
		err = chromedp.Do(w.ctx, chromedp.EmulateViewport(width, height))
	}
	if err != nil {
		w.t.Error(err)
	}
}

// speak has the browser want a language.
func (w *window) speak(language string) {
	w.t.Helper()
	_, err := chromedp.Call(w.ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": language}})
	if err != nil {
		w.t.Fatal(err)
	}
}

// evaluate runs a script and waits for what it promises.
func (w *window) evaluate(script string) string {
	w.t.Helper()
	value, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	if err != nil {
		w.t.Fatal(err)
	}
	return value
}

// In a real browser, with nothing but clicks: from the printed address to tickets with their orders, and away again.
func TestAPersonTriesItInABrowser(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := newProduct(t)
	p.settings = append(p.settings, "AMAZON_SPAPI_MODE=standin")
	api, _ := p.serve(t)
	w := openBrowser(t)

	w.do(chromedp.Navigate(api.base + "/dev"))
	w.until("who has no token is asked for one", "document.querySelector('#sign-in').checkVisibility()")
	w.picture("1-sign-in")
	w.do(chromedp.Navigate("about:blank"), chromedp.Navigate(api.base+"/dev#token="+api.token))
	w.until("the page shows the status", "document.querySelector('#status').innerText === 'disconnected'")
	is.Equal(w.address(), api.base+"/dev") // the token is not in the address bar
	w.picture("2-disconnected")

	w.do(chromedp.SetValue(chromedp.CSS("#country"), "FR"))
	w.press("#connect button")
	w.until("Amazon asks for the consent", "document.querySelector('button[value=confirm]')")
	w.picture("3-consent")
	w.press("button[value=confirm]")
	w.until("the browser is back and connected", "document.querySelector('#note')?.innerText === 'Amazon is connected.'")
	is.Equal(w.address(), api.base+"/dev") // nor is what came back
	w.until("the marketplaces are there", "document.querySelectorAll('#marketplaces li').length === 4")
	w.picture("4-connected")
	is.Equal(w.evaluate("document.cookie"), "") // no script reads the consent's cookie

	w.press("#invent")
	w.until("there are three tickets", "document.querySelectorAll('#tickets details').length === 3")
	for i := range 3 { // one at a time: what a ticket shows moves those below it away from under the pointer
		ticket := fmt.Sprintf("#tickets details:nth-of-type(%d)", i+1)
		w.press(ticket + " summary")
		w.until("it shows its order", fmt.Sprintf("/shipped/i.test(document.querySelector('%[1]s .order')?.innerText) && /[0-9] × /.test(document.querySelector('%[1]s .order')?.innerText)", ticket))
	}
	for _, words := range []string{"Où est ma commande", "Lampe de chevet", "FBM", "FBA", "Colissimo"} {
		if !strings.Contains(w.text("#tickets"), words) {
			t.Errorf("the tickets do not show %q", words)
		}
	}
	w.picture("5-tickets")
	w.evaluate("const l = document.querySelector('#language'); l.value = 'fr'; l.dispatchEvent(new Event('change')); ''")
	w.until("the next step is in French", "document.querySelector('#next').innerText.startsWith('Rien à faire')")

	w.press("#disconnect")
	w.until("it is disconnected", "document.querySelector('#status').innerText === 'disabled'")

	// From Amazon's side, and without a place to return to, as the link of a mail would do it.
	w.press("a[href$='/appstore']")
	w.press("button[value=authorize]")
	w.until("the page asks whose it is", "document.querySelector('#invitation')?.checkVisibility()")
	w.picture("6-invitation")
	w.press("#accept")
	w.press("button[value=confirm]")
	w.until("it is connected again", "document.querySelector('#note')?.innerText === 'Amazon is connected.'")
	is.Equal(w.complaints(), nil) // no script failed and no policy stopped anything until here

	w.speak("fr")
	w.do(chromedp.Navigate(w.evaluate(`fetch("/api/v1/marketplaces/amazon/connect", {method: "POST", body: JSON.stringify({country: "FR"}),
		headers: {Authorization: "Bearer " + sessionStorage.getItem("token"), "Content-Type": "application/json"}}).then((a) => a.json()).then((a) => a.authorizationUrl)`)))
	w.press("button[value=confirm]")
	w.until("there is a page of ours", "document.querySelector('h1')?.innerText === 'Amazon est connecté'")
	w.picture("7-done")
	w.do(chromedp.Reload())
	w.until("which is good once", "document.querySelector('h1')?.innerText === \"Cela n'a pas fonctionné\"")
	w.picture("8-refused")
}
