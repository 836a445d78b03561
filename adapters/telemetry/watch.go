package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// How the database is looked at. A scrape waits for 10 seconds by default.
const (
	lookTimeout = 5 * time.Second
	lookEvery   = 10 * time.Second
)

// WatchOptions are what Watch needs beside the database.
type WatchOptions struct {
	Marketplaces []domain.MarketplaceType // those that are enabled: their series are always there
	Log          *slog.Logger             // discarded when nil
}

// Watch registers the metrics that are looked up in operations and queue when somebody asks for them: once in 10 seconds at
// most, however many ask, and for 5 seconds at most. When the look fails, marketplaces_survey_up is 0 and the others are
// absent, so that nobody takes what was for what is. A nil queue leaves the metrics of the queue out.
func Watch(registry prometheus.Registerer, operations ports.Operations, queue ports.Queue, o WatchOptions) error {
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	w := &watch{
		operations: operations, queue: queue, enabled: marketplaceLabels(o.Marketplaces), log: log, turn: make(chan struct{}, 1),
	}
	if err := registry.Register(w); err != nil {
		return fmt.Errorf("register metrics: %w", err)
	}
	return nil
}

// watch is the prometheus.Collector of what is looked up.
type watch struct {
	operations ports.Operations
	queue      ports.Queue // or nil
	enabled    []string
	log        *slog.Logger

	turn   chan struct{} // full during a look: others wait for it and take what it found
	at     time.Time     // of the last look; zero before the first
	survey ports.FleetStats
	depth  ports.QueueDepth
	err    error
}

// The metrics that are looked up.
var (
	surveyUp = prometheus.NewDesc("marketplaces_survey_up",
		"1 if the last look at the database worked; 0 if it did not, and what it would have shown is absent.", nil, nil)
	connections = prometheus.NewDesc("marketplaces_connections",
		"Sellers' connections.", []string{"marketplace", "status"}, nil)
	lastSuccessAge = prometheus.NewDesc("marketplaces_last_success_age_seconds",
		"Time since the last good poll of a connected seller: the worst, and the worst but for one in a hundred.", []string{"rank"}, nil)
	lastMessage = prometheus.NewDesc("marketplaces_last_message_timestamp_seconds",
		"When a message was last stored, for any seller. Absent before the first.", nil, nil)
	rejectedMessages = prometheus.NewDesc("marketplaces_rejected_messages",
		"Messages that could not be mapped and were not replayed.", nil, nil)
	expiring = prometheus.NewDesc("marketplaces_authorizations_expiring",
		"Sellers' authorizations that end within so many days, those that are over among them.", []string{"within"}, nil)
	withdrawn = prometheus.NewDesc("marketplaces_authorizations_withdrawn",
		"Sellers' authorizations that the marketplace takes no more and that were not given again.", nil, nil)
	queueJobs = prometheus.NewDesc("marketplaces_queue_jobs",
		"Poll jobs.", []string{"state"}, nil)
	queueOldestDue = prometheus.NewDesc("marketplaces_queue_oldest_due_seconds",
		"How long the oldest due poll job has waited; 0 when none is due.", nil, nil)
)

// Describe implements prometheus.Collector.
func (w *watch) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{surveyUp, connections, lastSuccessAge, lastMessage, rejectedMessages, expiring, withdrawn} {
		ch <- d
	}
	if w.queue != nil {
		ch <- queueJobs
		ch <- queueOldestDue
	}
}

// Collect implements prometheus.Collector.
func (w *watch) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	survey, depth, err := w.look()
	if err != nil {
		gauge(surveyUp, 0)
		return
	}
	gauge(surveyUp, 1)
	for class, n := range w.classes(survey.Connections) {
		gauge(connections, float64(n), class[0], class[1])
	}
	gauge(lastSuccessAge, survey.WorstPollLag.Seconds(), "worst")
	gauge(lastSuccessAge, survey.P99PollLag.Seconds(), "p99")
	if !survey.LastMessage.IsZero() {
		gauge(lastMessage, float64(survey.LastMessage.UnixMilli())/1000)
	}
	gauge(rejectedMessages, float64(survey.Rejected))
	for days, n := range survey.Expiring {
		gauge(expiring, float64(n), fmt.Sprintf("%dd", days))
	}
	gauge(withdrawn, float64(survey.Withdrawn))
	if w.queue != nil {
		gauge(queueJobs, float64(depth.Due), "due")
		gauge(queueJobs, float64(depth.Waiting), "waiting")
		gauge(queueJobs, float64(depth.Running), "running")
		gauge(queueJobs, float64(depth.Discarded), "discarded")
		gauge(queueOldestDue, depth.OldestDue.Seconds())
	}
}

// classes counts connections by the labels marketplace and status, with a zero for each class of an enabled marketplace.
func (w *watch) classes(found map[ports.ConnectionClass]int) map[[2]string]int {
	counts := map[[2]string]int{}
	for _, marketplace := range w.enabled {
		for _, status := range statusLabels {
			counts[[2]string{marketplace, statusLabel(status)}] = 0
		}
	}
	for class, n := range found {
		counts[[2]string{marketplaceLabel(class.Type), statusLabel(class.Status)}] += n
	}
	return counts
}

// look returns what the last look found, after a new one if that is due.
func (w *watch) look() (ports.FleetStats, ports.QueueDepth, error) {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	if w.at.IsZero() || time.Since(w.at) >= lookEvery {
		failed := w.err != nil
		w.survey, w.depth, w.err = w.read()
		w.at = time.Now()
		if w.err != nil && !failed {
			w.log.Warn("monitoring cannot look at the database", "error", w.err)
		}
	}
	return w.survey, w.depth, w.err
}

func (w *watch) read() (survey ports.FleetStats, depth ports.QueueDepth, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout)
	defer cancel()
	if survey, err = w.operations.FleetStats(ctx); err != nil || w.queue == nil {
		return survey, depth, err
	}
	depth, err = w.queue.Depth(ctx)
	return survey, depth, err
}
