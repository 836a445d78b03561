package spapi

import (
	"context"
	"errors"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// do makes a call and reads the answer into v. It repeats what may be repeated, a few times, each time with a token of the
// bucket: what was refused as one too many, what had no answer or one that says not now unless it must not be done twice, and
// once what was refused for its access token.
func (c *Client) do(ctx context.Context, k call, v any) error {
	g, patience, begun, renewed := c.gate(k), c.options.Patience, time.Now(), false
	var busy *Failure // the last refusal as one too many
	for try := 1; ; try++ {
		token, err := c.token(ctx, k.as)
		if err != nil {
			return err
		}
		if err := c.leave(ctx, k, g, &patience); err != nil {
			return becauseOf(busy, err)
		}
		f, err := c.attempt(ctx, k, g, token, v)
		if f == nil || err != nil {
			return err
		}
		var pause time.Duration
		switch f.Reason {
		case ReasonThrottled:
			if err := c.throttled(ctx, g, f, try); err != nil {
				return err
			}
			busy = f // the bucket says how long to wait
		case ReasonUnavailable:
			if !f.again {
				return f.err()
			}
			pause = max(backoff(try), f.After)
		case ReasonToken:
			if c.tokens.drop(k.as.holder(), token); renewed {
				return f.err()
			}
			renewed = true
			continue // however late it is: only a new token tells what this refusal means
		default:
			return f.err()
		}
		if try == tries || pause > longestPause || time.Since(begun)+pause > callTime {
			return f.err()
		}
		if err := wait(ctx, pause); err != nil {
			return err
		}
	}
}

// attempt sends the call once. Its error is no answer of Amazon's: a bug of ours, or that of ctx.
func (c *Client) attempt(ctx context.Context, k call, g gate, token domain.Secret, v any) (*Failure, error) {
	r, err := c.request(ctx, k, token)
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	a, err := c.exchange(ctx, r, token)
	f := &Failure{Operation: string(k.operation), Reason: ReasonUnavailable, again: true}
	sent := true
	var l *lost
	switch {
	case errors.As(err, &l):
		f.Text, sent = l.text, l.sent
	case err != nil:
		return nil, err
	default:
		c.learn(ctx, k, g, a)
		f = read(k, a, v)
	}
	if f != nil {
		f.Region, f.Seller = k.as.region, k.as.authorization.SellerID
		if k.once && f.Reason == ReasonUnavailable && sent && (f.again || a.good()) {
			f.Reason = ReasonUnknown
		}
	}
	c.options.Observer.APICalled(ports.APICall{Type: domain.Amazon, Operation: string(k.operation), Outcome: f.outcome(), Took: time.Since(begun)})
	return f, nil
}

// read reads an answer into v, or says what else it is.
func read(k call, a answer, v any) *Failure {
	if !a.good() {
		return readFailure(string(k.operation), a)
	}
	if v == nil {
		return nil
	}
	what := "the answer is no JSON"
	if decode(a.body, v) {
		if part, ok := v.(part); !ok || part.complete() {
			return nil
		}
		what = "the answer lacks what was asked for"
	}
	return &Failure{ // its body may hold anything: nothing of it is kept
		Operation: string(k.operation), Reason: ReasonUnavailable, Status: a.status, RequestID: word(a.header.Get("x-amzn-RequestId")),
		Text: what,
	}
}

// part is an answer that may lack what it is about. Without that it would be taken for an answer that there is nothing.
type part interface{ complete() bool }

// becauseOf gives the answer of an empty bucket the refusal that emptied it as its cause.
func becauseOf(f *Failure, err error) error {
	var told *domain.Error
	if f == nil || !errors.As(err, &told) || told.Kind != domain.ErrThrottled {
		return err
	}
	return &domain.Error{Kind: told.Kind, Msg: told.Msg, RetryAfter: told.RetryAfter, Err: f}
}
