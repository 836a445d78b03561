// Package telemetry says what the product does, to Prometheus and, when the standard variables of OpenTelemetry ask for it,
// as traces.
//
// Start at [New] for what is counted as it happens, at [Watch] for what is looked up when somebody asks, and at
// [OpenTracing]. The names and labels of all metrics are in deploy/prometheus/README.md, which a test holds against them.
// The values of labels are bounded: none comes from outside but the tenant's, which only a setting turns on.
package telemetry

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Options say what to count.
type Options struct {
	Version      string                   // of this build
	Marketplaces []domain.MarketplaceType // those that are enabled: their series exist from the beginning, at 0
	Operations   []string                 // what our own limits put off, as ports.Observer is told; all else is "other"
	Calls        []string                 // of marketplaces' APIs, as ports.Observer is told; all else is "other"
	Tenants      bool                     // count messages by tenant too: series for every tenant that has any
}

// Metrics counts what happens. It implements ports.Observer.
type Metrics struct {
	operations  []string
	calls       []string
	polls       *prometheus.CounterVec
	pollTime    *prometheus.HistogramVec
	messages    *prometheus.CounterVec
	byTenant    *prometheus.CounterVec // nil unless tenants are counted
	ingestTime  *prometheus.HistogramVec
	throttled   *prometheus.HistogramVec
	received    *prometheus.CounterVec
	deliveries  *prometheus.CounterVec
	deliverTime *prometheus.HistogramVec
	askTime     *prometheus.HistogramVec
	alarms      *prometheus.CounterVec
}

var _ ports.Observer = (*Metrics)(nil)

// The outcomes of messages.
const (
	created   = "created"
	duplicate = "duplicate"
	rejected  = "rejected"
)

// none stands for no reason.
const none = "none"

// quarantined are kinds that get there most, each for its reason.
var quarantined = map[domain.MessageKind]domain.QuarantineReason{
	domain.KindUnknown: domain.QuarantineUnknown, domain.KindSuspect: domain.QuarantineSuspect,
	domain.KindClaimOpened: domain.QuarantineNoTicket, domain.KindSellerCopy: domain.QuarantineAmbiguous,
}

// kindLabel is a kind of message as a label.
func kindLabel(k domain.MessageKind) string {
	if !slices.Contains(domain.MessageKinds, k) {
		return other
	}
	return strings.ToLower(string(k))
}

// other stands for every value of a label that is not known beforehand.
const other = "other"

// New registers the metrics of what happens, of the build, the process and the Go runtime.
func New(registry prometheus.Registerer, o Options) (*Metrics, error) {
	m := &Metrics{
		operations: o.Operations, calls: o.Calls,
		polls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "marketplaces_polls_total", Help: "Polls that have ended, however they did.",
		}, []string{"marketplace", "outcome"}),
		pollTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "marketplaces_poll_duration_seconds", Help: "Time that polls took.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120},
		}, []string{"marketplace", "outcome"}),
		messages: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "marketplaces_messages_total", Help: "Messages that sources gave, by what became of them.",
		}, []string{"marketplace", "outcome"}),
		ingestTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "marketplaces_ingest_duration_seconds", Help: "Time that the transaction of one page of messages took.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"marketplace"}),
		throttled: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "marketplaces_throttle_wait_seconds", Help: "Time by which our own limits put calls off.",
			Buckets: []float64{.1, .5, 1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600},
		}, []string{"operation"}),
	}
	m.received = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "marketplaces_messages_received_total", Help: "Messages that were stored for the first time, by kind and by why they are in quarantine.",
	}, []string{"marketplace", "kind", "quarantine"})
	m.deliveries = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "marketplaces_deliveries_total", Help: "Mails that were pushed here, by way and by how they were answered.",
	}, []string{"way", "outcome"})
	m.deliverTime = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "marketplaces_delivery_duration_seconds", Help: "Time from the end of a pushed mail to its answer.",
		Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"way"})
	m.askTime = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "marketplaces_request_duration_seconds", Help: "Time that requests to marketplaces' APIs took.",
		Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"marketplace", "operation", "outcome"})
	m.alarms = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "marketplaces_operator_alarms_total", Help: "Times that something kept us from working for every seller that only an operator can mend.",
	}, []string{"alarm"})
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "marketplaces_build_info", Help: "Always 1; the labels say which build this is.",
		ConstLabels: prometheus.Labels{"version": o.Version, "goversion": runtime.Version()},
	}, func() float64 { return 1 })
	all := []prometheus.Collector{
		m.polls, m.pollTime, m.messages, m.ingestTime, m.throttled, m.received, m.deliveries, m.deliverTime, m.askTime, m.alarms, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	}
	if o.Tenants {
		m.byTenant = prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "marketplaces_tenant_messages_total", Help: "Messages that sources gave, by tenant and by what became of them.",
		}, []string{"tenant", "marketplace", "outcome"})
		all = append(all, m.byTenant)
	}
	for _, c := range all {
		if err := registry.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	m.begin(o.Marketplaces)
	return m, nil
}

// begin makes all series that can be foreseen, so that the first event is a rise and not a birth, which rate() overlooks.
func (m *Metrics) begin(enabled []domain.MarketplaceType) {
	for _, marketplace := range marketplaceLabels(enabled) {
		for _, outcome := range ports.PollOutcomes {
			m.polls.WithLabelValues(marketplace, string(outcome))
			m.pollTime.WithLabelValues(marketplace, string(outcome))
		}
		for _, outcome := range []string{created, duplicate, rejected} {
			m.messages.WithLabelValues(marketplace, outcome)
		}
		m.ingestTime.WithLabelValues(marketplace)
		for _, kind := range domain.MessageKinds {
			m.received.WithLabelValues(marketplace, kindLabel(kind), none)
		}
		for kind, reason := range quarantined {
			m.received.WithLabelValues(marketplace, kindLabel(kind), string(reason))
		}
		operations := []string{other}
		if marketplace != other {
			operations = append(operations, m.calls...)
		}
		for _, operation := range operations {
			for _, outcome := range ports.APICallOutcomes {
				m.askTime.WithLabelValues(marketplace, operation, string(outcome))
			}
		}
	}
	for _, alarm := range ports.Alarms {
		m.alarms.WithLabelValues(string(alarm))
	}
	for _, way := range ports.DeliveryWays {
		for _, outcome := range ports.DeliveryOutcomes {
			m.deliveries.WithLabelValues(string(way), string(outcome))
		}
		m.deliverTime.WithLabelValues(string(way))
	}
	for _, operation := range append(slices.Clone(m.operations), other) {
		m.throttled.WithLabelValues(operation)
	}
}

// marketplaceLabels are the values of the label marketplace that exist from the beginning.
func marketplaceLabels(enabled []domain.MarketplaceType) []string {
	labels := []string{other}
	for _, t := range enabled {
		if label := marketplaceLabel(t); !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	return labels
}

// marketplaceLabel is a marketplace as a label. A poll that failed before it read its connection has none: it is other.
func marketplaceLabel(t domain.MarketplaceType) string {
	switch t {
	case domain.Amazon, domain.Fnac, domain.Cdiscount:
		return t.Slug()
	}
	return other
}

// statusLabels are the values of the label status.
var statusLabels = []domain.ConnectionStatus{
	domain.ConnectionPending, domain.ConnectionConnected, domain.ConnectionError, domain.ConnectionDisabled,
}

func statusLabel(s domain.ConnectionStatus) string { return strings.ToLower(string(s)) }
