package mailtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// library is a Go module with mails among its tests.
type library struct {
	module string // with its version
	sum    string // of its files, as go.sum has it: they are read, whoever hands them out, only as they were
	mails  int    // how many it has
}

// libraries are the MIME library that this module is built with and others that read or serve mails.
var libraries = []library{
	{"github.com/jhillyerd/enmime/v2@v2.3.0", "h1:Y/pzQanyU8nkSgB2npXX8Dha5OItJE/QwbDJM4sf/kU=", 116},
	{"github.com/wneessen/go-mail@v0.8.1", "h1:tVcncj02/QySVFw3zr/kXOzZcuFQqBNT6K+Rbgm/pcM=", 4},
	{"github.com/axllent/mailpit@v1.33.1", "h1:5cW1C4QrxRKh9qNiRYvSVaYw82BU1lGt/mYZtGUmi7A=", 6},
	{"github.com/mjl-/mox@v0.0.15", "h1:C3VDXwN33fEI5WTCuBEKZ6KSVh91aNMrFaFLM72ZU4M=", 12},
	{"github.com/ProtonMail/gluon@v0.17.0", "h1:QfMRUcXd47MANHmoerj1ZHXsNzfW9gjsLmF+7Dim5ZU=", 11},
}

// Foreign returns mails that nobody here wrote: the test mails of the MIME library that this module is built with, broken
// ones among them, and those of other libraries and of mail servers. They have no Enqueue: each is to be kept, whole, as a
// message or as what could not be read. Some are the beginnings of mails, or single parts.
//
// The go command gets the modules, as it gets those that a build needs, and no go.mod has to name them: what a module that
// imports this one is built with tells nothing of their tests.
func Foreign(t testing.TB) []Mail {
	t.Helper()
	var mails []Mail
	for i, dir := range download(t, libraries) {
		l, before := libraries[i], len(mails)
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || !strings.Contains(path, "testdata") || !isForeign(path) {
				return err
			}
			raw, err := os.ReadFile(path)
			mails = append(mails, Mail{
				Shape: l.module + strings.TrimPrefix(filepath.ToSlash(path), filepath.ToSlash(dir)), Raw: raw,
				Arrived: start.Add(time.Duration(len(mails)) * time.Minute),
			})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(mails) - before; n != l.mails {
			t.Fatalf("%s has %d mails, not %d", l.module, n, l.mails)
		}
	}
	return mails
}

// isForeign reports whether a file among tests is a mail or a part of one.
func isForeign(path string) bool {
	switch filepath.Ext(path) {
	case ".raw", ".golden", ".eml":
		return true
	}
	return false
}

// download returns the folders that the modules are in, and gets those that are on this machine nowhere yet.
func download(t testing.TB, all []library) []string {
	t.Helper()
	args := []string{"mod", "download", "-json"}
	for _, l := range all {
		args = append(args, l.module)
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = t.TempDir() // in no module, whose go.mod and go.sum would have to know them
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "GO111MODULE=on", "GOSUMDB=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, failed := cmd.Output()
	found := map[string]string{}
	for answers := json.NewDecoder(bytes.NewReader(out)); ; {
		var m struct{ Path, Version, Dir, Sum, Error string }
		if err := answers.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go mod download: %v\n%s", err, stderr.Bytes())
		}
		if m.Error != "" {
			t.Fatalf("go mod download: %s", m.Error)
		}
		found[m.Path+"@"+m.Version+" "+m.Sum] = m.Dir
	}
	if failed != nil {
		t.Fatalf("go mod download: %v\n%s", failed, stderr.Bytes())
	}
	dirs := make([]string, len(all))
	for i, l := range all {
		if dirs[i] = found[l.module+" "+l.sum]; dirs[i] == "" {
			t.Fatalf("%s is not what it was", l.module)
		}
	}
	return dirs
}
