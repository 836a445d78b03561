package telemetry_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matryer/is"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"

	"github.com/keybuzzio/marketplaces/adapters/telemetry"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// runtime is what the process and Go bring along.
func runtime(name string) bool {
	return strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_")
}

func TestNamesFollowTheConventions(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	metrics(t, registry, telemetry.Options{Marketplaces: enabled, Tenants: true}).Ingested(ports.Ingested{Tenant: tenant(t, "t1"), Created: 1})
	var families []*dto.MetricFamily
	for name, f := range gather(t, registry) {
		if !runtime(name) {
			families = append(families, f)
		}
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	is.New(t).NoErr(err)
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

// documented reads the table in the operators' page: of each metric its type and, of each label, the values that it lists.
func documented(t *testing.T) (types map[string]string, labels map[string]map[string][]string) {
	t.Helper()
	page, err := os.ReadFile("../../deploy/prometheus/README.md")
	if err != nil {
		t.Fatal(err)
	}
	types, labels = map[string]string{}, map[string]map[string][]string{}
	var above map[string][]string
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) != 6 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		name := strings.Trim(cells[1], " `")
		types[name] = strings.TrimSpace(cells[2])
		named := map[string][]string{}
		for _, label := range strings.FieldsFunc(cells[3], func(r rune) bool { return r == ',' || r == ';' }) {
			label, values, _ := strings.Cut(label, ":")
			if label = strings.TrimSpace(label); label != "" {
				named[strings.Trim(label, "`")] = strings.Fields(values)
			}
		}
		if strings.TrimSpace(cells[3]) == "as above" {
			named = above
		}
		labels[name], above = named, named
	}
	return types, labels
}

func TestMetricsAreThoseThatAreDocumented(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	registry := prometheus.NewRegistry()
	m := metrics(t, registry, telemetry.Options{Marketplaces: enabled, Tenants: true})
	for _, in := range []ports.Ingested{{Created: 1, Duplicates: 1, Rejected: 1}} {
		in.Tenant = tenant(t, "t1")
		m.Ingested(in)
	}
	types, labels := documented(t)
	is.True(len(types) > 10)
	families := gather(t, registry)
	for name := range types {
		if families[name] == nil {
			t.Errorf("%s is documented and does not exist", name)
		}
	}
	for name, f := range families {
		if runtime(name) {
			continue
		}
		if types[name] != strings.ToLower(f.GetType().String()) {
			t.Errorf("%s is a %s, documented as %q", name, f.GetType(), types[name])
		}
		for label, values := range labelsOf(f) {
			listed, there := labels[name][label]
			slices.Sort(listed)
			if !there || len(listed) > 0 && !slices.Equal(listed, values) {
				t.Errorf("%s has %s=%v, documented as %v", name, label, values, listed)
			}
		}
		is.Equal(len(labelsOf(f)), len(labels[name]))
	}
}

// labelsOf is the labels of a family and their values, sorted.
func labelsOf(f *dto.MetricFamily) map[string][]string {
	labels := map[string][]string{}
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			if values := labels[l.GetName()]; !slices.Contains(values, l.GetValue()) {
				labels[l.GetName()] = append(values, l.GetValue())
			}
		}
	}
	for _, values := range labels {
		slices.Sort(values)
	}
	return labels
}

func TestSeriesExistBeforeAnythingHappens(t *testing.T) {
	t.Parallel()
	is, registry := is.New(t), prometheus.NewRegistry()
	metrics(t, registry, telemetry.Options{Marketplaces: enabled, Operations: []string{"imap.connect"}, Version: "v1.2.3"})
	f := gather(t, registry)
	for _, outcome := range ports.PollOutcomes {
		is.Equal(value(t, f["marketplaces_polls_total"], "marketplace", "amazon", "outcome", string(outcome)), 0.)
		is.Equal(value(t, f["marketplaces_poll_duration_seconds"], "marketplace", "amazon", "outcome", string(outcome)), 0.)
	}
	for _, outcome := range []string{"created", "duplicate", "rejected"} {
		is.Equal(value(t, f["marketplaces_messages_total"], "marketplace", "amazon", "outcome", outcome), 0.)
	}
	is.Equal(value(t, f["marketplaces_ingest_duration_seconds"], "marketplace", "amazon"), 0.)
	is.Equal(value(t, f["marketplaces_throttle_wait_seconds"], "operation", "imap.connect"), 0.)
	is.Equal(labelsOf(f["marketplaces_build_info"])["version"], []string{"v1.2.3"})
}

func TestWhatHappensIsCounted(t *testing.T) {
	t.Parallel()
	is, registry := is.New(t), prometheus.NewRegistry()
	m := metrics(t, registry, telemetry.Options{Marketplaces: enabled, Operations: []string{"imap.connect"}})
	m.Polled(ports.Polled{Type: domain.Amazon, Outcome: ports.PollOK, Took: time.Second})
	m.Polled(ports.Polled{Type: domain.Amazon, Outcome: ports.PollOK, Took: 3 * time.Second})
	m.Ingested(ports.Ingested{Type: domain.Amazon, Fetched: 6, Created: 3, Duplicates: 2, Rejected: 1, Took: time.Second})
	m.Ingested(ports.Ingested{Type: domain.Amazon, Superseded: true})
	m.Throttled("imap.connect", time.Minute)
	f := gather(t, registry)
	is.Equal(value(t, f["marketplaces_polls_total"], "marketplace", "amazon", "outcome", "ok"), 2.)
	is.Equal(value(t, f["marketplaces_poll_duration_seconds"], "marketplace", "amazon", "outcome", "ok"), 2.)
	for outcome, n := range map[string]float64{"created": 3, "duplicate": 2, "rejected": 1} {
		is.Equal(value(t, f["marketplaces_messages_total"], "marketplace", "amazon", "outcome", outcome), n)
	}
	is.Equal(value(t, f["marketplaces_ingest_duration_seconds"], "marketplace", "amazon"), 2.)
	is.Equal(value(t, f["marketplaces_throttle_wait_seconds"], "operation", "imap.connect"), 1.)
}

func TestWhatMarketplacesAreAskedIsCounted(t *testing.T) {
	t.Parallel()
	is, registry := is.New(t), prometheus.NewRegistry()
	m := metrics(t, registry, telemetry.Options{Marketplaces: enabled, Calls: []string{"orders/getOrder"}})
	f := gather(t, registry)
	for _, outcome := range ports.APICallOutcomes { // they are there before anything was asked
		is.Equal(value(t, f["marketplaces_request_duration_seconds"], "marketplace", "amazon", "operation", "orders/getOrder", "outcome", string(outcome)), 0.)
	}
	is.Equal(value(t, f["marketplaces_operator_alarms_total"], "alarm", "api_credentials"), 0.)
	m.APICalled(ports.APICall{Type: domain.Amazon, Operation: "orders/getOrder", Outcome: ports.APICallThrottled, Took: time.Second})
	m.Alarm(ports.AlarmAPICredentials)
	m.Alarm(ports.AlarmAPICredentials)
	f = gather(t, registry)
	is.Equal(value(t, f["marketplaces_request_duration_seconds"], "marketplace", "amazon", "operation", "orders/getOrder", "outcome", "throttled"), 1.)
	is.Equal(value(t, f["marketplaces_operator_alarms_total"], "alarm", "api_credentials"), 2.)
}

func TestLabelsAreBounded(t *testing.T) {
	t.Parallel()
	is, registry := is.New(t), prometheus.NewRegistry()
	m := metrics(t, registry, telemetry.Options{Marketplaces: enabled})
	for _, word := range []string{"one", "two", ""} {
		m.Polled(ports.Polled{Type: domain.MarketplaceType(word), Outcome: ports.PollOutcome(word)})
		m.Ingested(ports.Ingested{Type: domain.MarketplaceType(word), Created: 1})
		m.Throttled(word, time.Second)
		m.APICalled(ports.APICall{Type: domain.MarketplaceType(word), Operation: word, Outcome: ports.APICallOutcome(word)})
		m.Alarm(ports.Alarm(word))
	}
	f := gather(t, registry)
	is.Equal(value(t, f["marketplaces_polls_total"], "marketplace", "other", "outcome", "other"), 3.)
	is.Equal(value(t, f["marketplaces_messages_total"], "marketplace", "other", "outcome", "created"), 3.)
	is.Equal(value(t, f["marketplaces_throttle_wait_seconds"], "operation", "other"), 3.)
	is.Equal(value(t, f["marketplaces_request_duration_seconds"], "marketplace", "other", "operation", "other", "outcome", "other"), 3.)
	is.Equal(value(t, f["marketplaces_operator_alarms_total"], "alarm", "other"), 3.)
	is.Equal(labelsOf(f["marketplaces_connections"])["marketplace"], []string{"amazon", "other"})
}

func TestTenantsAreCountedOnlyWhenAsked(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, asked := range []bool{false, true} {
		registry := prometheus.NewRegistry()
		m := metrics(t, registry, telemetry.Options{Marketplaces: enabled, Tenants: asked})
		m.Polled(ports.Polled{Tenant: tenant(t, "shop-1"), Type: domain.Amazon, Outcome: ports.PollOK})
		m.Ingested(ports.Ingested{Tenant: tenant(t, "shop-1"), Type: domain.Amazon, Created: 2})
		var labelled []string
		for name, f := range gather(t, registry) {
			if _, there := labelsOf(f)["tenant"]; there {
				labelled = append(labelled, name)
			}
		}
		if !asked {
			is.Equal(len(labelled), 0)
			continue
		}
		is.Equal(labelled, []string{"marketplaces_tenant_messages_total"})
		f := gather(t, registry)["marketplaces_tenant_messages_total"]
		is.Equal(value(t, f, "tenant", "shop-1", "marketplace", "amazon", "outcome", "created"), 2.)
	}
}

func TestAMetricIsRegisteredOnce(t *testing.T) {
	t.Parallel()
	is, registry := is.New(t), prometheus.NewRegistry()
	metrics(t, registry, telemetry.Options{})
	_, err := telemetry.New(registry, telemetry.Options{})
	is.True(err != nil)
	is.True(telemetry.Watch(registry, busy(), nil, telemetry.WatchOptions{}) != nil)
}
