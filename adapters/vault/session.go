package vault

import (
	"context"
	"time"

	"github.com/keybuzzio/marketplaces/ports"
)

// session keeps a token that Vault takes. One login at a time; all who wait for it use what it brings.
type session struct {
	clock ports.Clock
	login func(ctx context.Context) (token string, again time.Duration, err error)

	turn    chan struct{} // full while somebody reads, or logs in and writes, what is below
	current string
	over    time.Time // when current is to be replaced or renewed; zero for never
}

func newSession(clock ports.Clock, login func(context.Context) (string, time.Duration, error)) *session {
	return &session{clock: clock, login: login, turn: make(chan struct{}, 1)}
}

// token returns a token, by logging in when there is none or its time comes to an end.
func (s *session) token(ctx context.Context) (string, error) {
	return s.replace(ctx, func() bool { return s.current == "" || !s.over.IsZero() && !s.clock.Now().Before(s.over) })
}

// instead returns a token in the place of one that Vault refused.
func (s *session) instead(ctx context.Context, refused string) (string, error) {
	return s.replace(ctx, func() bool { return s.current == refused })
}

// replace returns the current token, after a login if the current one is stale.
func (s *session) replace(ctx context.Context, stale func() bool) (string, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return "", ctx.Err()
	}
	defer func() { <-s.turn }()
	if !stale() {
		return s.current, nil
	}
	asked := s.clock.Now() // counted from there, a token's time is rather too short than too long
	token, again, err := s.login(ctx)
	if err != nil {
		return "", err
	}
	s.current, s.over = token, time.Time{}
	if again > 0 {
		s.over = asked.Add(again)
	}
	return token, nil
}
