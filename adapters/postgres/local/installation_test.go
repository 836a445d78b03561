package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// Not parallel: a program cannot be run while another test's child is being started and still has its file open.
func TestInstallations(t *testing.T) {
	root, err := filepath.EvalSymlinks(t.TempDir())
	is.New(t).NoErr(err)
	at := func(path string) string { return filepath.Join(root, path) }
	program(t, at("lib/9/bin/postgres"), "postgres (PostgreSQL) 9.6.24")
	program(t, at("lib/15/bin/postgres"), "postgres (PostgreSQL) 15.4 (Debian 15.4-1)")
	program(t, at("lib/17/bin/postgres"), "postgres (PostgreSQL) 17beta1")
	for _, version := range []string{"9", "15", "17"} {
		program(t, at("lib/"+version+"/bin/initdb"), "")
	}
	program(t, at("clients/bin/postgres"), "postgres (PostgreSQL) 18.1") // without initdb
	program(t, at("broken/bin/initdb"), "")
	is.New(t).NoErr(os.WriteFile(at("broken/bin/postgres"), nil, 0o644)) // no program
	is.New(t).NoErr(os.Mkdir(at("links"), 0o755))
	is.New(t).NoErr(os.Symlink(at("lib/15/bin/postgres"), at("links/postgres")))

	for name, c := range map[string]struct {
		path   []string
		places []string
		want   []installation
	}{
		"nothing anywhere":            {path: []string{at("empty")}, places: []string{at("none/*/bin")}},
		"newest version first":        {places: []string{at("lib/*/bin")}, want: []installation{{at("lib/17/bin"), 17}, {at("lib/15/bin"), 15}, {at("lib/9/bin"), 9}}},
		"path before places":          {path: []string{at("lib/9/bin")}, places: []string{at("lib/17/bin")}, want: []installation{{at("lib/9/bin"), 9}, {at("lib/17/bin"), 17}}},
		"a link leads to its folder":  {path: []string{at("links")}, places: []string{at("lib/15/bin")}, want: []installation{{at("lib/15/bin"), 15}}},
		"both programs are needed":    {path: []string{at("clients/bin"), at("broken/bin")}},
		"a relative folder is no one": {path: []string{"", "."}},
	} {
		t.Run(name, func(t *testing.T) {
			is := is.New(t)
			got := installations(t.Context(), strings.Join(c.path, string(filepath.ListSeparator)), c.places)
			is.Equal(got, c.want)
		})
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	found := []installation{{"/a/bin", 15}, {"/b/bin", 17}, {"/c/bin", 17}}
	for name, c := range map[string]struct {
		found   []installation
		version string
		want    string
		kind    error
		says    []string
	}{
		"new data take the first":       {found: found, want: "/a/bin"},
		"data take their version":       {found: found, version: "17\n", want: "/b/bin"},
		"data of a missing version":     {found: found, version: "14\n", kind: domain.ErrConflict, says: []string{"/data", "Postgres 14", "15 in /a/bin"}},
		"no installation":               {kind: domain.ErrNotFound, says: []string{"apt-get install postgresql", "dnf install", "brew install"}},
		"no installation for some data": {version: "15", kind: domain.ErrNotFound, says: []string{"apt-get install postgresql"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			got, err := choose(c.found, c.version, "/data")
			is.Equal(got.bin, c.want)
			is.True(errors.Is(err, c.kind))
			for _, text := range c.says {
				is.True(strings.Contains(domain.Message(err), text)) // tells the user what to do
			}
		})
	}
}

func TestFirstAccount(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	a, err := firstAccount("no-such-user", "root", "nobody")
	is.NoErr(err)
	is.Equal(a.name, "nobody") // neither one that does not exist nor one that Postgres refuses
	_, err = firstAccount("no-such-user", "root")
	is.True(errors.Is(err, domain.ErrInvalid))
}

func TestSocketDir(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	is.Equal(socketDir("/srv/keybuzz"), "/srv/keybuzz/run")
	longest := "/srv/" + strings.Repeat("x", 80)
	long := longest + "x"
	is.Equal(socketDir(longest), longest+"/run")
	is.True(strings.HasPrefix(socketDir(long), "/tmp/keybuzz-")) // the system's limit
	is.Equal(socketDir(long), socketDir(long))                   // who joins finds it
	is.True(socketDir(long) != socketDir(long+"y"))              // and nobody else's
	is.True(strings.HasPrefix(socketDir("/srv/a,b"), "/tmp/keybuzz-"))
}

// program writes a script that prints output.
func program(t *testing.T, path, output string) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte("#!/bin/sh\necho '"+output+"'\n"), 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
}
