package domain

import (
	"math"
	"time"
)

// BucketState is the data of a Bucket.
type BucketState struct {
	Plan    UsagePlan // as published
	Learned float64   // the rate that the marketplace told, in place of Plan.Rate; 0 before it told one
	Tokens  float64   // as counted at At, fractions too; below 0 is a debt, which a refusal leaves
	At      time.Time // when they were counted
}

// Bucket is a token bucket: it says whether a call may be made now, and when otherwise. It never grants more than its plan,
// whatever the clock does: one that goes back brings no tokens until it has caught up, or until a bucket fills if that takes
// less, so that a clock which once ran ahead stops nobody for longer.
type Bucket struct{ s BucketState }

// NewBucket returns the bucket of a plan that nobody has used: it is full. ErrInvalid if p is no plan.
func NewBucket(p UsagePlan, now time.Time) (*Bucket, error) {
	return RestoreBucket(BucketState{Plan: p, Tokens: float64(p.Burst), At: now.UTC()})
}

// RestoreBucket loads a bucket. Tokens beyond the plan's burst are lost: the plan has shrunk. ErrInvalid without a plan, a
// count and a time, or with a learned rate that the plan does not bear.
func RestoreBucket(s BucketState) (*Bucket, error) {
	if !(s.Plan.Rate > 0) || math.IsInf(s.Plan.Rate, 0) || s.Plan.Burst < 1 {
		return nil, Errorf(ErrInvalid, "a usage plan needs a rate and a burst")
	}
	if math.IsNaN(s.Tokens) || math.IsInf(s.Tokens, 0) || s.At.IsZero() {
		return nil, Errorf(ErrInvalid, "a bucket needs a count and its time")
	}
	if s.Learned != 0 {
		if err := s.Plan.CheckRate(s.Learned); err != nil {
			return nil, err
		}
	}
	s.Tokens = min(s.Tokens, float64(s.Plan.Burst))
	return &Bucket{s}, nil
}

// State returns the data of the bucket.
func (b *Bucket) State() BucketState { return b.s }

// Rate is how many tokens fall into the bucket each second.
func (b *Bucket) Rate() float64 {
	if b.s.Learned != 0 {
		return b.s.Learned
	}
	return b.s.Plan.Rate
}

// Take takes a token at now and returns 0. If there is none it takes nothing and returns how long it takes until there is
// one, which is more than 0.
func (b *Bucket) Take(now time.Time) (wait time.Duration) {
	b.count(now)
	if b.s.Tokens < 1 {
		return max(1, seconds((1-b.s.Tokens)/b.Rate())+b.s.At.Sub(now))
	}
	b.s.Tokens--
	return 0
}

// Learn takes over the rate that the marketplace told at now. It counts from then on. The burst and the tokens in hand stay,
// since nothing was said about them, and so does the time until a debt is paid. A rate that cannot be (see
// [UsagePlan.CheckRate]) is ErrInvalid and changes nothing.
func (b *Bucket) Learn(rate float64, now time.Time) error {
	if err := b.s.Plan.CheckRate(rate); err != nil {
		return err
	}
	b.count(now)
	if b.s.Tokens < 0 {
		b.s.Tokens *= rate / b.Rate()
	}
	b.s.Learned = rate
	return nil
}

// Refuse notes that the marketplace refused a call at now, because somebody else used up the tokens or because the plan is
// narrower than we know. The bucket is empty, and its next token comes no sooner than after retryAfter, without those that
// would have gathered by then. retryAfter is 0 when nobody said one; more than [MaxRetryAfter] is not believed. The rate
// stays: a refusal tells none.
func (b *Bucket) Refuse(now time.Time, retryAfter time.Duration) {
	b.count(now)
	retryAfter = min(retryAfter, MaxRetryAfter)
	b.s.Tokens = min(b.s.Tokens, 0, 1-retryAfter.Seconds()*b.Rate())
}

// count brings the tokens up to now.
func (b *Bucket) count(now time.Time) {
	burst := float64(b.s.Plan.Burst)
	if ahead := b.s.At.Sub(now); ahead > 0 {
		b.s.At = now.UTC().Add(min(ahead, seconds(burst/b.Rate())))
		return
	}
	b.s.Tokens = min(burst, b.s.Tokens+now.Sub(b.s.At).Seconds()*b.Rate())
	b.s.At = now.UTC()
}

func seconds(s float64) time.Duration {
	const century = 100 * 365 * 24 * 3600 // more would not fit a Duration
	return time.Duration(min(s, century) * float64(time.Second))
}
