package telemetry_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// panel is a panel of a dashboard, as Grafana reads it.
type panel struct {
	ID          int    `json:"id"`
	Type        string `json:"type"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Datasource  struct {
		UID string `json:"uid"`
	} `json:"datasource"`
	FieldConfig struct {
		Defaults struct {
			Unit string `json:"unit"`
		} `json:"defaults"`
	} `json:"fieldConfig"`
	Targets []struct {
		Expr string `json:"expr"`
	} `json:"targets"`
	GridPos struct{ X, Y, W, H int } `json:"gridPos"`
}

// dashboard reads the dashboard: its panels but for the rows' titles.
func dashboard(t *testing.T) (text string, panels []panel) {
	t.Helper()
	file, err := os.ReadFile("../../deploy/grafana/marketplaces.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []panel `json:"panels"`
	}
	if err := json.Unmarshal(file, &d); err != nil {
		t.Fatal(err)
	}
	for _, p := range d.Panels {
		if p.Type != "row" {
			panels = append(panels, p)
		}
	}
	return string(file), panels
}

// expression fills Grafana's variables in.
func expression(expr string) string {
	return strings.NewReplacer("$__rate_interval", "5m", "$__range", "1h", "$marketplace", ".*").Replace(expr)
}

func TestTheDashboardNamesWhatExists(t *testing.T) {
	t.Parallel()
	families := existing(t)
	_, panels := dashboard(t)
	for _, p := range panels {
		for _, target := range p.Targets {
			for _, wrong := range unknown(expression(target.Expr), families) {
				t.Errorf("%s: no %s", p.Title, wrong)
			}
		}
	}
}

func TestTheDashboardShowsEveryMetric(t *testing.T) {
	t.Parallel()
	text, _ := dashboard(t)
	types, _ := documented(t)
	for name := range types {
		if !strings.Contains(text, name) {
			t.Errorf("no panel shows %s", name)
		}
	}
}

func TestTheDashboardsExpressionsAreWhatPrometheusUnderstands(t *testing.T) {
	t.Parallel()
	_, panels := dashboard(t)
	rules := &strings.Builder{}
	rules.WriteString("groups:\n  - name: dashboard\n    rules:\n")
	for _, p := range panels {
		for i, target := range p.Targets {
			fmt.Fprintf(rules, "      - record: panel:%d_%d\n        expr: %q\n", p.ID, i, expression(target.Expr))
		}
	}
	dir := t.TempDir()
	is.New(t).NoErr(os.WriteFile(filepath.Join(dir, "dashboard.yaml"), []byte(rules.String()), 0o600))
	promtool(t, dir, "check", "rules", "dashboard.yaml")
}

func TestPanelsCanBeRead(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	text, panels := dashboard(t)
	is.True(strings.Contains(text, `"type": "datasource"`)) // who imports it says which
	is.True(len(panels) > 15)
	ids, places := map[int]bool{}, map[[2]int]string{}
	for _, p := range panels {
		if p.Title == "" || p.Description == "" || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 {
			t.Errorf("panel %d %q lacks its title, description, unit or expression", p.ID, p.Title)
		}
		is.Equal(p.Datasource.UID, "${datasource}")
		is.True(!ids[p.ID])
		ids[p.ID] = true
		is.True(p.GridPos.X+p.GridPos.W <= 24)
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if other := places[at]; other != "" {
					t.Fatalf("%s lies on %s", p.Title, other)
				}
				places[at] = p.Title
			}
		}
	}
}
