package smtp

import (
	"sync"
	"time"
)

// idle keeps sessions at the relay that delivered well, for the next message: most of the time of a message to a
// distant relay is the TLS handshake and the log-in.
type idle struct {
	limit int
	keep  time.Duration

	mu       sync.Mutex
	sessions []*idleSession // the last one put first out
	closed   bool
}

type idleSession struct {
	*session
	expiry *time.Timer
}

func newIdle(limit int, keep time.Duration) *idle { return &idle{limit: limit, keep: keep} }

// put takes a session over, until somebody takes it or it was idle for too long. It says no when there are enough.
func (i *idle) put(s *session) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.closed || i.keep <= 0 || len(i.sessions) >= i.limit {
		return false
	}
	kept := &idleSession{session: s}
	kept.expiry = time.AfterFunc(i.keep, func() {
		if i.remove(kept) {
			kept.close()
		}
	})
	i.sessions = append(i.sessions, kept)
	return true
}

// take gives a session to the caller; nil if there is none. The latest is the likeliest to be alive still, and the
// others run out when there is less to do.
func (i *idle) take() *session {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := len(i.sessions)
	if n == 0 {
		return nil
	}
	s := i.sessions[n-1]
	i.sessions = i.sessions[:n-1]
	s.expiry.Stop()
	return s.session
}

// remove takes s out, unless somebody else has it.
func (i *idle) remove(s *idleSession) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for n, other := range i.sessions {
		if other == s {
			i.sessions = append(i.sessions[:n], i.sessions[n+1:]...)
			return true
		}
	}
	return false
}

// close closes all sessions, and those that are put later are not kept.
func (i *idle) close() {
	i.mu.Lock()
	all := i.sessions
	i.sessions, i.closed = nil, true
	i.mu.Unlock()
	for _, s := range all {
		s.expiry.Stop()
		s.close()
	}
}
