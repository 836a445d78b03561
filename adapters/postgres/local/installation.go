package local

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// installation is a folder of Postgres's programs.
type installation struct {
	bin   string
	major int
}

// packagePlaces are where packages put the programs, most of them outside PATH because several versions can be
// installed.
var packagePlaces = []string{
	"/usr/lib/postgresql/*/bin",                                  // Debian, Ubuntu
	"/usr/pgsql-*/bin",                                           // the PostgreSQL project's packages for Fedora and Red Hat
	"/usr/lib/postgresql*/bin",                                   // SUSE
	"/usr/libexec/postgresql*",                                   // Alpine
	"/opt/homebrew/opt/postgresql*/bin",                          // Homebrew on Apple's processors
	"/usr/local/opt/postgresql*/bin",                             // Homebrew on Intel's
	"/home/linuxbrew/.linuxbrew/opt/postgresql*/bin",             // Homebrew on Linux
	"/Applications/Postgres.app/Contents/Versions/*/bin",         // Postgres.app
	"/usr/local/pgsql/bin", "/usr/bin", "/usr/local/bin", "/bin", // built from source; a PATH that was cut short
}

const howToInstall = "install it with `apt-get install postgresql` (Debian, Ubuntu), `dnf install postgresql-server` " +
	"(Fedora), `apk add postgresql` (Alpine) or `brew install postgresql@17` (macOS)"

// installations returns what is installed: first what PATH names, in its order, then what places hold, newest first.
func installations(ctx context.Context, path string, places []string) []installation {
	seen := map[string]bool{}
	look := func(dirs []string) (found []installation) {
		for _, dir := range dirs {
			// A link stands for a folder that has the other programs too.
			postgres, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
			if err != nil || !filepath.IsAbs(postgres) {
				continue
			}
			bin := filepath.Dir(postgres)
			if seen[bin] || !executable(postgres) || !executable(filepath.Join(bin, "initdb")) {
				continue
			}
			seen[bin] = true
			if version, err := exec.CommandContext(ctx, postgres, "--version").Output(); err == nil {
				found = append(found, installation{bin: bin, major: major(string(version))})
			}
		}
		return found
	}
	named := look(filepath.SplitList(path))
	var folders []string
	for _, place := range places {
		matches, _ := filepath.Glob(place)
		folders = append(folders, matches...)
	}
	packaged := look(folders)
	slices.SortStableFunc(packaged, func(a, b installation) int { return cmp.Compare(b.major, a.major) })
	return append(named, packaged...)
}

// choose returns the first of found that can run the data of the version in pgVersion, a PG_VERSION file's content; an
// empty one stands for data that are yet to be made.
func choose(found []installation, pgVersion, data string) (installation, error) {
	if len(found) == 0 {
		return installation{}, domain.Errorf(domain.ErrNotFound, "Postgres is not installed: "+
			"no folder of PATH and no usual one holds both postgres and initdb; "+howToInstall)
	}
	if pgVersion == "" {
		return found[0], nil
	}
	want := major(pgVersion)
	var others []string
	for _, i := range found {
		if i.major == want {
			return i, nil
		}
		others = append(others, strconv.Itoa(i.major)+" in "+i.bin)
	}
	return installation{}, domain.Errorf(domain.ErrConflict, "the data in %s are of Postgres %d, and installed is only %s: "+
		"install Postgres %d, or move that folder away to start with an empty database",
		data, want, strings.Join(others, ", "), want)
}

// major is the first number in a version as Postgres writes it: "postgres (PostgreSQL) 15.4 (Debian …)" or "15". 0 if
// there is none.
func major(version string) int {
	isDigit := func(r rune) bool { return '0' <= r && r <= '9' }
	version = strings.TrimLeftFunc(version, func(r rune) bool { return !isDigit(r) })
	if end := strings.IndexFunc(version, func(r rune) bool { return !isDigit(r) }); end >= 0 {
		version = version[:end]
	}
	n, _ := strconv.Atoi(version)
	return n
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
