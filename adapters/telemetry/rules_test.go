package telemetry_test

import (
	"os"
	"strings"
	"testing"

	"github.com/matryer/is"
	"go.yaml.in/yaml/v4"
)

// rule is an alert, as Prometheus reads it.
type rule struct {
	Alert       string            `yaml:"alert"`
	Expr        string            `yaml:"expr"`
	Labels      map[string]string `yaml:"labels"`
	Annotations map[string]string `yaml:"annotations"`
}

// readYAML reads a file of deploy/prometheus into v.
func readYAML(t *testing.T, file string, v any) {
	t.Helper()
	text, err := os.ReadFile("../../deploy/prometheus/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
}

func alerts(t *testing.T) (all []rule) {
	t.Helper()
	var file struct {
		Groups []struct {
			Rules []rule `yaml:"rules"`
		} `yaml:"groups"`
	}
	readYAML(t, "rules.yaml", &file)
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

func TestRulesAreWhatPrometheusUnderstands(t *testing.T) {
	t.Parallel()
	promtool(t, "../../deploy/prometheus", "check", "rules", "rules.yaml")
	promtool(t, "../../deploy/prometheus", "test", "rules", "rules_test.yaml")
}

func TestRulesNameWhatExists(t *testing.T) {
	t.Parallel()
	families := existing(t)
	for name := range coming {
		if families[name] != nil {
			t.Errorf("%s has come: it is no longer in coming", name)
		}
	}
	for _, r := range alerts(t) {
		for _, wrong := range unknown(r.Expr, families) {
			t.Errorf("%s: no %s", r.Alert, wrong)
		}
	}
}

func TestEveryAlertSaysWhatToDo(t *testing.T) {
	t.Parallel()
	is, seen := is.New(t), map[string]bool{}
	for _, r := range alerts(t) {
		is.True(strings.HasPrefix(r.Alert, "Marketplaces"))
		is.True(!seen[r.Alert]) // a name for each
		seen[r.Alert] = true
		switch r.Labels["severity"] {
		case "critical", "warning", "info":
		default:
			t.Errorf("%s has severity %q", r.Alert, r.Labels["severity"])
		}
		for _, annotation := range []string{"summary", "description", "runbook"} {
			if r.Annotations[annotation] == "" {
				t.Errorf("%s has no %s", r.Alert, annotation)
			}
		}
	}
	is.True(len(seen) > 8)
}

// Each alert has a case in rules_test.yaml that fires and one that does not.
func TestEveryAlertHasBothCases(t *testing.T) {
	t.Parallel()
	var file struct {
		Tests []struct {
			Cases []struct {
				Expr    string `yaml:"expr"`
				Samples []any  `yaml:"exp_samples"`
			} `yaml:"promql_expr_test"`
		} `yaml:"tests"`
	}
	readYAML(t, "rules_test.yaml", &file)
	fires, quiet := map[string]int{}, map[string]int{}
	for _, test := range file.Tests {
		for _, c := range test.Cases {
			_, rest, _ := strings.Cut(c.Expr, `alertname="`)
			name, _, _ := strings.Cut(rest, `"`)
			if len(c.Samples) > 0 {
				fires[name]++
			} else {
				quiet[name]++
			}
		}
	}
	for _, r := range alerts(t) {
		if fires[r.Alert] == 0 || quiet[r.Alert] == 0 {
			t.Errorf("%s has %d cases that fire and %d that do not", r.Alert, fires[r.Alert], quiet[r.Alert])
		}
		delete(fires, r.Alert)
		delete(quiet, r.Alert)
	}
	is := is.New(t)
	is.Equal(len(fires), 0) // no case of an alert that is not there
	is.Equal(len(quiet), 0)
}
