package marketplaces_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/keybuzzio/marketplaces"

// layers says what each folder may import of this module. Subfolders belong to their folder. Imports point inward.
var layers = map[string][]string{
	"domain":                   {},
	"migrations":               {},
	"ports":                    {"domain"},
	"app":                      {"domain", "ports"},
	"adapters/postgres":        {"domain", "ports"},
	"adapters/postgres/pgtest": {"domain", "ports", "migrations", "adapters/postgres"},
	"adapters/memory":          {"domain", "ports"},
	"adapters/vault":           {"domain", "ports"},
	"adapters/rawvault":        {"domain", "ports"},
	"adapters/s3":              {"domain", "ports"},
	"adapters/amazon":          {"domain", "ports"},
	"adapters/smtp":            {"domain", "ports"},
	"adapters/httpapi":         {"domain", "ports", "app"},
	"adapters/mailserver":      {"domain", "ports", "app"},
	"adapters/riverjobs":       {"domain", "ports", "app"},
	"adapters/telemetry":       {"domain", "ports"},
	"app/boot":                 {"domain", "ports", "app", "adapters", "migrations"},
	"cmd":                      {"app/boot"},
}

// outside says what domain may import from other modules; the others are free.
var outside = []string{"github.com/google/uuid", "golang.org/x/text/"}

type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
}

func TestImportsPointInward(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, p := range packages(t) {
		folder := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
		layer := layerOf(folder)
		if layer == "" {
			if folder != "" {
				t.Errorf("%s belongs to no layer: put it into one, or name it in layers", folder)
			}
			continue
		}
		seen[layer] = true
		for _, imported := range p.Imports {
			rest, ours := strings.CutPrefix(imported, module+"/")
			switch {
			case !ours && layer == "domain" && strings.Contains(imported, ".") && !allowedOutside(imported):
				t.Errorf("domain imports %s", imported)
			case !ours || layerOf(rest) == layer:
			case !slices.ContainsFunc(layers[layer], func(allowed string) bool { return within(rest, allowed) }):
				t.Errorf("%s imports %s: %s may import %v of this module", folder, rest, layer, layers[layer])
			}
		}
	}
	for layer := range layers {
		if !seen[layer] {
			t.Errorf("layer %s has no package", layer)
		}
	}
}

func allowedOutside(imported string) bool {
	return slices.ContainsFunc(outside, func(prefix string) bool { return strings.HasPrefix(imported, prefix) })
}

// layerOf returns the innermost layer that a folder lies in, "" if none.
func layerOf(folder string) string {
	for ; folder != "." && folder != ""; folder = path.Dir(folder) {
		if _, ok := layers[folder]; ok {
			return folder
		}
	}
	return ""
}

func within(folder, parent string) bool {
	return folder == parent || strings.HasPrefix(folder, parent+"/")
}

// Every dependency that go.mod names directly has its reason in ARCHITECTURE.md.
func TestDependenciesHaveTheirReasons(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{if not (or .Indirect .Main)}}{{.Path}}{{end}}", "all").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "## Dependencies")
	modules := strings.Fields(string(out))
	if len(modules) == 0 {
		t.Fatal("go list gave no modules")
	}
	for _, m := range modules {
		if !strings.Contains(table, strings.TrimPrefix(m, "github.com/")) {
			t.Errorf("%s has no reason in ARCHITECTURE.md", m)
		}
	}
}

// packages lists the module's packages without their tests.
func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Standard,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		all = append(all, p)
	}
}
