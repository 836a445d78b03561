package deploy_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// instruction is one of the Dockerfile, its continued lines joined.
type instruction struct{ word, rest string }

// dockerfile is read once; a file that cannot be read has no instructions, which every test of it notices.
var dockerfile = sync.OnceValue(func() (all []instruction) {
	text, _ := os.ReadFile("../Dockerfile")
	var lines []string
	for line := range strings.Lines(string(text)) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	joined := regexp.MustCompile(`\\\n\s*`).ReplaceAllString(strings.Join(lines, ""), " ")
	for line := range strings.Lines(joined) {
		if word, rest, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			all = append(all, instruction{word, strings.TrimSpace(rest)})
		}
	}
	return all
})

// stage returns the instructions of the first stage or of the last.
func stage(last bool) []instruction {
	all := dockerfile()
	for i, in := range all {
		if i > 0 && in.word == "FROM" {
			if last {
				return all[i:]
			}
			return all[:i]
		}
	}
	return nil
}

// imageUser is the number of the user that the image runs as, 0 if it says none.
func imageUser() int64 {
	for _, in := range stage(true) {
		if in.word == "USER" {
			user, _, _ := strings.Cut(in.rest, ":")
			n, _ := strconv.ParseInt(user, 10, 64)
			return n
		}
	}
	return 0
}

// imageFiles says which file of the build stage is at which path of the image.
func imageFiles() map[string]string {
	files := map[string]string{}
	for _, in := range stage(true) {
		rest, ok := strings.CutPrefix(in.rest, "--from=build ")
		if in.word != "COPY" || !ok {
			continue
		}
		words := strings.Fields(rest)
		for _, from := range words[:len(words)-1] {
			files[words[len(words)-1]+from[strings.LastIndex(from, "/")+1:]] = from
		}
	}
	return files
}

// imageBinaries are the paths of the programs in the image.
func imageBinaries() (paths []string) {
	for path, from := range imageFiles() {
		if strings.HasPrefix(from, "/out/") {
			paths = append(paths, path)
		}
	}
	return paths
}

func TestImage(t *testing.T) {
	t.Parallel()
	last := stage(true)
	if len(last) == 0 || last[0].rest != "scratch" {
		t.Fatalf("the image is not made from scratch: %v", last)
	}
	for _, in := range last {
		if in.word == "COPY" && !strings.HasPrefix(in.rest, "--from=build ") || in.word == "ADD" || in.word == "RUN" {
			t.Errorf("the image has more than the build gave: %v", in)
		}
		if in.word == "COPY" && !strings.HasSuffix(in.rest, "/") {
			t.Errorf("not into a folder: %v", in)
		}
	}
	if imageUser() == 0 {
		t.Error("the image runs as root")
	}
	if n := len(imageBinaries()); n != 2 {
		t.Errorf("%d binaries", n)
	}
	if imageFiles()["/etc/ssl/certs/ca-certificates.crt"] == "" {
		t.Error("the image trusts nobody")
	}
}

// The toolchain is the one that the module asks for.
func TestImageIsBuiltByTheModulesGo(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	wanted := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(text))
	if first := stage(false); len(first) == 0 || len(wanted) == 0 || !strings.Contains(first[0].rest, "golang:"+wanted[1]+"-") {
		t.Errorf("%v does not build with Go %v", first, wanted)
	}
}
