package telemetry_test

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/keybuzzio/marketplaces/adapters/telemetry"
	"github.com/keybuzzio/marketplaces/ports"
)

// promtool runs Prometheus's own tool in a folder. Where it is not installed the test fails and says so.
func promtool(t *testing.T, dir string, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		t.Fatal("promtool is not installed: apt-get install prometheus")
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// existing are the metrics that the programs have, with every series that can be foreseen.
func existing(t *testing.T) map[string]*dto.MetricFamily {
	t.Helper()
	registry := prometheus.NewRegistry()
	metrics(t, registry, telemetry.Options{Marketplaces: enabled, Tenants: true}).Ingested(ports.Ingested{Tenant: tenant(t, "t1"), Created: 1})
	return gather(t, registry)
}

// coming are metrics that rules are written for and that come with what they are about, and their labels.
var coming = map[string][]string{}

// The labels that Prometheus gives by itself, and those of ours whose values depend on what is asked.
var (
	targetLabels = []string{"instance", "job", "namespace", "pod", "le"}
	openLabels   = []string{"route", "method", "code", "version", "goversion", "tenant", "operation"}
)

var (
	labelLists = regexp.MustCompile(`\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)`)
	selectors  = regexp.MustCompile(`([a-zA-Z_:][\w:]*)\s*\{([^}]*)\}`)
	matchers   = regexp.MustCompile(`(\w+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"`)
	words      = regexp.MustCompile(`\b[a-zA-Z_:][\w:]*\b(\s*\()?`)
	operators  = []string{"and", "or", "unless", "offset", "bool"}
)

// unknown lists what an expression names and families do not have: metrics, labels, and values of labels. promtool sees to
// the syntax.
func unknown(expr string, families map[string]*dto.MetricFamily) (wrong []string) {
	var grouped []string
	for _, list := range labelLists.FindAllStringSubmatch(expr, -1) {
		grouped = append(grouped, strings.FieldsFunc(list[1], func(r rune) bool { return r == ',' || r == ' ' })...)
	}
	rest := labelLists.ReplaceAllString(expr, " ")
	have := slices.Clone(targetLabels)
	look := func(name, within string) {
		labels, values := labelsOfMetric(name, families)
		if labels == nil {
			wrong = append(wrong, "metric "+name)
			return
		}
		have = append(have, labels...)
		for _, m := range matchers.FindAllStringSubmatch(within, -1) {
			label := m[1]
			if !slices.Contains(labels, label) && !slices.Contains(targetLabels, label) {
				wrong = append(wrong, "label "+label+" of "+name)
			}
			for value := range strings.SplitSeq(m[2], "|") {
				if known := values[label]; known != nil && !slices.Contains(openLabels, label) && value != ".*" && !slices.Contains(known, value) {
					wrong = append(wrong, "value "+value+" of "+name+"'s "+label)
				}
			}
		}
	}
	for _, s := range selectors.FindAllStringSubmatch(rest, -1) {
		look(s[1], s[2])
	}
	for _, word := range words.FindAllString(selectors.ReplaceAllString(rest, " "), -1) {
		if !strings.HasSuffix(word, "(") && !slices.Contains(operators, word) {
			look(word, "")
		}
	}
	for _, label := range grouped {
		if !slices.Contains(have, label) {
			wrong = append(wrong, "label "+label)
		}
	}
	return wrong
}

// labelsOfMetric returns the labels of a metric as it is asked for, and their values; no labels if there is no such metric.
func labelsOfMetric(name string, families map[string]*dto.MetricFamily) (labels []string, values map[string][]string) {
	if labels := coming[name]; labels != nil {
		return labels, nil
	}
	f := families[name]
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if base, cut := strings.CutSuffix(name, suffix); cut && families[base].GetType() == dto.MetricType_HISTOGRAM {
			f = families[base]
		}
	}
	if f == nil || f.GetName() == name && f.GetType() == dto.MetricType_HISTOGRAM {
		return nil, nil
	}
	values = labelsOf(f)
	labels = []string{}
	for label := range values {
		labels = append(labels, label)
	}
	return labels, values
}

func TestUnknownNamesAreFound(t *testing.T) {
	t.Parallel()
	families := existing(t)
	for expr, want := range map[string]string{
		`sum(rate(marketplaces_polls_total{outcome="ok"}[5m]))`:                                      "",
		`max by (instance) (marketplaces_survey_up) == 0 and on () time() > 1e3`:                     "",
		`histogram_quantile(0.9, sum by (le) (rate(marketplaces_poll_duration_seconds_bucket[5m])))`: "",
		`sum(rate(marketplaces_poll_total[5m]))`:                                                     "metric marketplaces_poll_total",
		`marketplaces_polls_total{outcome=~"ok|good"}`:                                               "value good of marketplaces_polls_total's outcome",
		`marketplaces_polls_total{result="ok"}`:                                                      "label result of marketplaces_polls_total",
		`sum by (status) (marketplaces_polls_total)`:                                                 "label status",
		`marketplaces_poll_duration_seconds`:                                                         "metric marketplaces_poll_duration_seconds",
		`marketplaces_polls_total_sum`:                                                               "metric marketplaces_polls_total_sum",
	} {
		if got := strings.Join(unknown(expr, families), ", "); got != want {
			t.Errorf("%s: %q, not %q", expr, got, want)
		}
	}
}
