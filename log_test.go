package marketplaces_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The keys of log lines are what operators' tools look for: README.md lists them, and they are all there is.
func TestLogKeysAreListed(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "### The log\n")
	section, _, found := strings.Cut(section, "\n## ")
	if !found {
		t.Fatal("README.md has no section about the log")
	}
	listed := map[string]bool{}
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*) \\|").FindAllStringSubmatch(section, -1) {
		for _, key := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[1], -1) {
			listed[key[1]] = true
		}
	}
	used := logKeys(t)
	for _, key := range slices.Sorted(maps.Keys(used)) {
		if !listed[key] {
			t.Errorf("the key %q of %s is not listed in README.md", key, used[key])
		}
	}
	for key := range listed {
		if used[key] == "" && !slices.Contains([]string{"time", "level", "msg"}, key) { // slog's own
			t.Errorf("README.md lists the key %q, which no line has", key)
		}
	}
}

var keyForm = regexp.MustCompile(`^[a-z_]+$`)

// logKeys returns the keys that the program's log lines have, and a place of each: arguments of the loggers' methods behind
// the message, of slog's attributes, and of lists of any that are handed to them. A duration's key gets its unit.
func logKeys(t *testing.T) map[string]string {
	t.Helper()
	keys := map[string]string{}
	add := func(fset *token.FileSet, args []ast.Expr) {
		for i := 0; i+1 < len(args); i += 2 {
			lit, ok := args[i].(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return
			}
			if key, err := strconv.Unquote(lit.Value); err == nil && keyForm.MatchString(key) {
				keys[key] = fset.Position(lit.Pos()).String()
			}
		}
	}
	for _, dir := range []string{"app", "adapters"} {
		err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "test/") {
				return err
			}
			fset := token.NewFileSet()
			file, err := parser.ParseFile(fset, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					add(fset, logArguments(n))
				case *ast.CompositeLit:
					if array, ok := n.Type.(*ast.ArrayType); ok {
						if elem, ok := array.Elt.(*ast.Ident); ok && elem.Name == "any" {
							add(fset, n.Elts)
						}
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return keys
}

// logArguments returns the keys and values in a call that logs; none for any other call.
func logArguments(call *ast.CallExpr) []ast.Expr {
	if fn, ok := call.Fun.(*ast.Ident); ok && fn.Name == "append" && len(call.Args) > 2 {
		if list, ok := call.Args[0].(*ast.Ident); ok && list.Name == "args" {
			return call.Args[1:]
		}
	}
	fn, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	receiver := ""
	switch x := fn.X.(type) {
	case *ast.Ident:
		receiver = x.Name
	case *ast.SelectorExpr:
		receiver = x.Sel.Name
	}
	skip, logs := map[string]int{
		"With": 0, "Debug": 1, "Info": 1, "Warn": 1, "Error": 1,
		"DebugContext": 2, "InfoContext": 2, "WarnContext": 2, "ErrorContext": 2, "Log": 3, "LogAttrs": 3,
	}[fn.Sel.Name]
	switch {
	case receiver == "slog" && len(call.Args) == 2 && fn.Sel.Name != "New": // an attribute
		return call.Args
	case logs && strings.EqualFold(receiver, "log") && len(call.Args) >= skip:
		return call.Args[skip:]
	}
	return nil
}
