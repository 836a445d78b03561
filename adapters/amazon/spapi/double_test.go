package spapi_test

import (
	"bytes"
	"context"
	"sync"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// countingLimiter counts the tokens that it gave.
type countingLimiter struct {
	ports.RateLimiter
	mu      sync.Mutex
	taken   map[domain.BucketID]int
	learned []float64
	refused []time.Duration
}

func (l *countingLimiter) Take(ctx context.Context, b domain.BucketID) error {
	err := l.RateLimiter.Take(ctx, b)
	if err == nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.taken == nil {
			l.taken = map[domain.BucketID]int{}
		}
		l.taken[b]++
	}
	return err
}

func (l *countingLimiter) Learn(ctx context.Context, b domain.BucketID, rate float64) error {
	l.mu.Lock()
	l.learned = append(l.learned, rate)
	l.mu.Unlock()
	return l.RateLimiter.Learn(ctx, b, rate)
}

func (l *countingLimiter) Refused(ctx context.Context, b domain.BucketID, after time.Duration) error {
	l.mu.Lock()
	l.refused = append(l.refused, after)
	l.mu.Unlock()
	return l.RateLimiter.Refused(ctx, b, after)
}

// total is how many tokens were given in all.
func (l *countingLimiter) total() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.taken {
		n += k
	}
	return n
}

// secretStore is one that can be away.
type secretStore struct {
	ports.SecretStore
	mu       sync.Mutex
	away     bool
	readOnly bool
}

var errAway = domain.Errorf(domain.ErrUnavailable, "the store of secrets is away")

func (s *secretStore) set(away, readOnly bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away, s.readOnly = away, readOnly
}

func (s *secretStore) refuses(write bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.away || write && s.readOnly
}

func (s *secretStore) Get(ctx context.Context, path domain.SecretPath) (domain.SecretData, error) {
	if s.refuses(false) {
		return nil, errAway
	}
	return s.SecretStore.Get(ctx, path)
}

func (s *secretStore) Put(ctx context.Context, path domain.SecretPath, data domain.SecretData) error {
	if s.refuses(true) {
		return errAway
	}
	return s.SecretStore.Put(ctx, path, data)
}

// observer keeps what it is told.
type observer struct {
	ports.NoObserver
	mu        sync.Mutex
	asked     []ports.APICall
	alarms    []ports.Alarm
	throttled []string
}

func (o *observer) APICalled(a ports.APICall) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked = append(o.asked, a)
}

func (o *observer) Alarm(a ports.Alarm) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.alarms = append(o.alarms, a)
}

func (o *observer) Throttled(operation string, _ time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.throttled = append(o.throttled, operation)
}

// outcomes are those of an operation's requests, in their order.
func (o *observer) outcomes(operation string) (all []ports.APICallOutcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, a := range o.asked {
		if a.Operation == operation {
			all = append(all, a.Outcome)
		}
	}
	return all
}

func (o *observer) alarmed() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.alarms)
}

// logBook keeps what is logged.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
