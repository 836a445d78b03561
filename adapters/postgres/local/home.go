package local

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/keybuzzio/marketplaces/domain"
)

const (
	superuser = "postgres"
	port      = "5432"

	// A socket's path has room for 104 bytes on macOS and 108 on Linux, with a closing NUL.
	maxSocketPath = 103
)

// DataDir is where a program keeps its data when KEYBUZZ_DATA_DIR does not say: the folder keybuzz in the user's cache
// directory. Root's is /var/lib/keybuzz, because the user that Postgres runs as instead cannot enter root's home.
func DataDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/keybuzz", nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", domain.Wrap(domain.ErrInvalid, err, "there is no cache directory: set KEYBUZZ_DATA_DIR")
	}
	return filepath.Join(cache, "keybuzz"), nil
}

// home is the folder of a server. In it are:
//
//	owner.lock    held by the process that answers for the server
//	server.lock   held by every process of the server itself
//	data/         the data of Postgres: complete or absent
//	new/          data in the making
//	run/          the socket, where its path is short enough
//	postgres.log  what Postgres said since its last start; before that, in postgres.log.1
type home struct {
	dir    string // absolute and without symbolic links, so that all who join mean the same
	socket string // the folder of the socket
}

// openHome makes dir if it is missing.
func openHome(dir string) (home, error) {
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711 // the server's user passes through
	}
	err := os.MkdirAll(dir, mode)
	resolved := dir
	if err == nil {
		resolved, err = filepath.Abs(dir)
	}
	if err == nil {
		resolved, err = filepath.EvalSymlinks(resolved)
	}
	if err != nil {
		return home{}, domain.Wrap(domain.ErrInvalid, err, "the private Postgres cannot use the folder %s: set KEYBUZZ_DATA_DIR to one that it can write", dir)
	}
	return home{dir: resolved, socket: socketDir(resolved)}, nil
}

func (h home) ownerLock() string  { return filepath.Join(h.dir, "owner.lock") }
func (h home) serverLock() string { return filepath.Join(h.dir, "server.lock") }
func (h home) data() string       { return filepath.Join(h.dir, "data") }
func (h home) unfinished() string { return filepath.Join(h.dir, "new") }
func (h home) logFile() string    { return filepath.Join(h.dir, "postgres.log") }
func (h home) pidFile() string    { return filepath.Join(h.data(), "postmaster.pid") }

// url names the port because PGPORT would otherwise be heard. A plus sign is no space to Postgres's clients.
func (h home) url(role, database string) string {
	query := url.Values{"host": {h.socket}, "port": {port}}.Encode()
	u := url.URL{Scheme: "postgres", User: url.User(role), Path: "/" + database}
	u.RawQuery = strings.ReplaceAll(query, "+", "%20")
	return u.String()
}

// socketDir is inside dir where a client can name it: it must be short and, in a URL's list of hosts, without comma.
// Elsewhere it is a folder that all who use dir agree on, whatever their TMPDIR is.
func socketDir(dir string) string {
	inside := filepath.Join(dir, "run")
	if len(filepath.Join(inside, ".s.PGSQL."+port)) <= maxSocketPath && !strings.Contains(dir, ",") {
		return inside
	}
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join("/tmp", "keybuzz-"+hex.EncodeToString(sum[:8]))
}

// clear removes what a server that has ended leaves outside its data.
func (h home) clear() { _ = os.Remove(h.socket) }

// interrupt asks the server of an owner that is gone to stop, if it says which process it is.
func (h home) interrupt() {
	content, _ := os.ReadFile(h.pidFile())
	first, _, _ := strings.Cut(string(content), "\n")
	if pid, err := strconv.Atoi(strings.TrimSpace(first)); err == nil && pid > 1 {
		_ = syscall.Kill(pid, fastShutdown)
	}
}

// complaint is the last reason to end that Postgres wrote since its start, or alternative if it wrote none.
func (h home) complaint(alternative string) string {
	content, _ := os.ReadFile(h.logFile())
	for line := range strings.Lines(string(content)) {
		for _, mark := range []string{"FATAL:", "PANIC:", "ERROR:", "initdb: error:"} {
			if _, reason, ok := strings.Cut(line, mark); ok {
				alternative = strings.TrimSpace(reason)
			}
		}
	}
	return alternative
}
