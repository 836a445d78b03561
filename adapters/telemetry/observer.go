package telemetry

import (
	"slices"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Polled implements ports.Observer.
func (m *Metrics) Polled(p ports.Polled) {
	outcome := string(p.Outcome)
	if !slices.Contains(ports.PollOutcomes, p.Outcome) {
		outcome = other
	}
	marketplace := marketplaceLabel(p.Type)
	m.polls.WithLabelValues(marketplace, outcome).Inc()
	m.pollTime.WithLabelValues(marketplace, outcome).Observe(p.Took.Seconds())
}

// Ingested implements ports.Observer.
func (m *Metrics) Ingested(i ports.Ingested) {
	marketplace := marketplaceLabel(i.Type)
	m.ingestTime.WithLabelValues(marketplace).Observe(i.Took.Seconds())
	m.count(i.Tenant, marketplace, created, i.Created)
	m.count(i.Tenant, marketplace, duplicate, i.Duplicates)
	m.count(i.Tenant, marketplace, rejected, i.Rejected)
}

func (m *Metrics) count(tenant domain.TenantID, marketplace, outcome string, n int) {
	if n <= 0 {
		return
	}
	m.messages.WithLabelValues(marketplace, outcome).Add(float64(n))
	if m.byTenant != nil {
		m.byTenant.WithLabelValues(tenant.String(), marketplace, outcome).Add(float64(n))
	}
}

// Throttled implements ports.Observer.
func (m *Metrics) Throttled(operation string, wait time.Duration) {
	if !slices.Contains(m.operations, operation) {
		operation = other
	}
	m.throttled.WithLabelValues(operation).Observe(wait.Seconds())
}

// Received implements ports.Observer.
func (m *Metrics) Received(r ports.Received) {
	quarantine := string(r.Quarantine)
	if quarantine == "" {
		quarantine = none
	}
	m.received.WithLabelValues(marketplaceLabel(r.Type), kindLabel(r.Kind), quarantine).Inc()
}

// Delivered implements ports.Observer.
func (m *Metrics) Delivered(d ports.Delivered) {
	m.deliveries.WithLabelValues(string(d.Via), string(d.Outcome)).Inc()
	m.deliverTime.WithLabelValues(string(d.Via)).Observe(d.Took.Seconds())
}

// APICall implements ports.Observer.
func (m *Metrics) APICalled(a ports.APICall) {
	operation, outcome := a.Operation, string(a.Outcome)
	if !slices.Contains(m.calls, operation) {
		operation = other
	}
	if !slices.Contains(ports.APICallOutcomes, a.Outcome) {
		outcome = other
	}
	m.askTime.WithLabelValues(marketplaceLabel(a.Type), operation, outcome).Observe(a.Took.Seconds())
}

// Alarm implements ports.Observer.
func (m *Metrics) Alarm(a ports.Alarm) {
	alarm := string(a)
	if !slices.Contains(ports.Alarms, a) {
		alarm = other
	}
	m.alarms.WithLabelValues(alarm).Inc()
}
