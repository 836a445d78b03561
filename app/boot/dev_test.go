package boot_test

import (
	"net/http"
	"os"
	"syscall"
	"testing"

	"github.com/matryer/is"
)

// devDir is a data folder that the private Postgres can use, also when the test runs as root.
func devDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "keybuzz-dev-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// server --dev is the whole product on one machine, and takes everything with it, however it ends.
func TestDevelopmentMode(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	dir := devDir(t)
	p := &product{settings: []string{"KEYBUZZ_DATA_DIR=" + dir, "PORT=0", "LOG_FORMAT=text", "KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS=1"}}
	settings := p.settings
	p.settings = append(p.settings, "KEYBUZZ_DEV_MODE=true")

	api, server := p.serve(t)
	status, _ := api.call("POST", "/api/v1/marketplaces/amazon/mock/connect", nil)
	is.Equal(status, http.StatusOK)

	// A worker in a second process joins the same database and secrets.
	w := start(t, "worker", settings, "--dev", "--once")
	is.Equal(w.wait(t), 0)

	is.NoErr(server.Process.Signal(os.Interrupt))
	is.Equal(server.wait(t), 0)     // an orderly end
	is.Equal(leftOver(t, dir), nil) // with nothing left running

	api, server = p.serve(t)
	status, answer := api.call("GET", "/api/v1/marketplaces/amazon/status", nil)
	is.Equal(status, http.StatusOK)
	is.Equal(answer["connected"], true) // the data stayed

	is.NoErr(server.Process.Signal(syscall.SIGKILL))
	server.wait(t)
	eventually(t, "the private Postgres ends with its server", func() bool { return len(leftOver(t, dir)) == 0 })
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := newProduct(t)
	api, _ := p.serve(t)
	port := api.base[len("http://127.0.0.1:"):]
	second := start(t, "server", append(p.settings, "PORT="+port))
	is.Equal(second.wait(t), 1)
	is.True(contains(second.log.String(), "set PORT to another one"))
}

func TestUnknownSchemaIsRefused(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	p := newProduct(t)
	p.exec(t, "INSERT INTO marketplace.schema_migrations (version) VALUES ('29991231000000_future')")
	for _, program := range []string{"server", "worker"} {
		old := start(t, program, p.settings)
		is.Equal(old.wait(t), 1)
		is.True(contains(old.log.String(), "newer than this program"))
	}
}
