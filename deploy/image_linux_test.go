package deploy_test

import (
	"bufio"
	"bytes"
	"context"
	"debug/elf"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	built   = "v9.8.7-test" // the version that the image is built as
	patient = 2 * time.Minute
)

// TestImageRuns makes the image's files as its Dockerfile does, and runs them with nothing else around.
func TestImageRuns(t *testing.T) {
	t.Parallel()
	root := makeImage(t)
	for _, binary := range imageBinaries() {
		t.Run("static "+binary, func(t *testing.T) { static(t, root+binary) })
		t.Run("help "+binary, func(t *testing.T) {
			if out, err := inImage(t, root, nil, binary, "--help"); err != nil || !strings.Contains(out, "Usage:") {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
	t.Run("settings", func(t *testing.T) {
		for name := range variants {
			for _, p := range mustBuild(t, name).pods() {
				settingsSuffice(t, root, name, mustBuild(t, name), p)
			}
		}
	})
	t.Run("version", func(t *testing.T) { showsVersion(t, root+"/server") })
}

// makeImage runs the Dockerfile's go build on what .dockerignore lets through, and returns the image's root.
func makeImage(t *testing.T) string {
	t.Helper()
	src, out, root := t.TempDir(), t.TempDir(), t.TempDir()
	if err := copyContext(src); err != nil {
		t.Fatal(err)
	}
	var command string
	for _, in := range stage(false) {
		if in.word == "RUN" && strings.Contains(in.rest, "go build") {
			command = strings.ReplaceAll(in.rest, " /out/", " "+out+"/")
		}
	}
	build := exec.CommandContext(t.Context(), "sh", "-c", command)
	build.Dir = src
	build.Env = append(os.Environ(), "TARGETOS=linux", "TARGETARCH="+runtime.GOARCH)
	if said, err := build.CombinedOutput(); err == nil || !bytes.Contains(said, []byte("--build-arg VERSION")) {
		t.Fatalf("built without a version: %s", said)
	}
	build = exec.CommandContext(t.Context(), "sh", "-c", command)
	build.Dir = src
	build.Env = append(os.Environ(), "TARGETOS=linux", "TARGETARCH="+runtime.GOARCH, "VERSION="+built)
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", command, err, said)
	}
	for to, from := range imageFiles() {
		if name, ok := strings.CutPrefix(from, "/out/"); ok {
			if err := os.Rename(filepath.Join(out, name), root+to); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root
}

// copyContext copies what .dockerignore leaves of the module. It understands the patterns that are in there.
func copyContext(to string) error {
	text, err := os.ReadFile("../.dockerignore")
	if err != nil {
		return err
	}
	var tops, without []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if top, ok := strings.CutPrefix(line, "!"); ok {
			tops = append(tops, top)
		} else if name, ok := strings.CutPrefix(line, "**/"); ok {
			without = append(without, name)
		} else if line != "*" && line != "" && !strings.HasPrefix(line, "#") {
			return errors.New(".dockerignore: this test does not understand " + line)
		}
	}
	for _, top := range tops {
		err := filepath.WalkDir(filepath.Join("..", top), func(file string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			for _, pattern := range without {
				if match, _ := path.Match(pattern, d.Name()); match && d.IsDir() {
					return fs.SkipDir
				} else if match {
					return nil
				}
			}
			target := filepath.Join(to, strings.TrimPrefix(file, "../"))
			if d.IsDir() {
				return os.MkdirAll(target, 0o755)
			}
			content, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			return os.WriteFile(target, content, 0o644)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// static fails if a binary needs a loader or a library.
func static(t *testing.T, file string) {
	t.Helper()
	binary, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = binary.Close() }()
	for _, p := range binary.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("%s is linked dynamically: %v", file, p.Type)
		}
	}
	if binary.Section(".symtab") != nil || binary.Section(".debug_info") != nil {
		t.Errorf("%s has symbols that nobody needs", file)
	}
}

// inImage runs a command as the image's user, with the image as its root: by root's right, or in a user namespace
// of its own. Where the system allows neither, it runs without.
func inImage(t *testing.T, root string, environ []string, command string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	run := func(attr *syscall.SysProcAttr, at string) (string, error) {
		cmd := exec.CommandContext(ctx, at+command, args...)
		cmd.Env, cmd.Dir, cmd.SysProcAttr = append([]string{}, environ...), "/", attr
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	user := int(imageUser())
	attr := &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: uint32(user), Gid: uint32(user)}}
	if os.Getuid() != 0 {
		attr = &syscall.SysProcAttr{
			Chroot: root, Cloneflags: syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: user, HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: user, HostID: os.Getgid(), Size: 1}},
		}
	}
	out, err := run(attr, "")
	if errors.Is(err, syscall.EPERM) {
		return run(nil, root)
	}
	return out, err
}

// settingsSuffice starts a pod's program with the pod's settings, and secrets that lead nowhere: all that it may miss is
// the database.
func settingsSuffice(t *testing.T, root, name string, m manifests, p pod) {
	t.Helper()
	for _, c := range containers(p) {
		values := given(m, c)
		for _, e := range c.Env {
			if e.ValueFrom != nil {
				values[e.Name] = "a-text-of-more-than-thirty-two-bytes"
			}
		}
		values["DATABASE_URL"] = "postgres://keybuzz:secret@127.0.0.1:1/keybuzz"
		for name, free := range map[string]string{"PORT": "0", "KEYBUZZ_METRICS_ADDR": "127.0.0.1:0"} {
			if values[name] != "" {
				values[name] = free
			}
		}
		var environ []string
		for name, value := range values {
			environ = append(environ, name+"="+value)
		}
		out, err := inImage(t, root, environ, c.Command[0], c.Args...)
		if err == nil || !strings.Contains(out, "the database is not available") {
			t.Errorf("%s, %s: %v: %s", name, p.name, err, out)
		}
	}
}

// showsVersion asks a running server for the metric that tells its build.
func showsVersion(t *testing.T, server string) {
	t.Helper()
	data, err := os.MkdirTemp("", "image") // t.TempDir is closed to the user that Postgres runs as, where that is not ours
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(data) }()
	if err := os.Chmod(data, 0o711); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	cmd := exec.CommandContext(ctx, server, "--dev")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "PORT=0", "KEYBUZZ_DATA_DIR=" + data}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patient
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := regexp.MustCompile(`http://127\.0\.0\.1:\d+`)
	base := ""
	for lines := bufio.NewScanner(out); base == "" && lines.Scan(); {
		base = address.FindString(lines.Text())
	}
	metrics, err := get(ctx, base+"/metrics")
	cancel()
	_, _ = io.Copy(io.Discard, out)
	if ended := cmd.Wait(); err != nil || !strings.Contains(metrics, `version="`+built+`"`) {
		t.Errorf("%v, %v: no version %s in the metrics: %s", err, ended, built, log.String())
	}
}

func get(ctx context.Context, url string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}
