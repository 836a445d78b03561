package smtp

import (
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// places bounds how many connections this process has to one server at once. Servers count connections of one address
// and turn away what is too much, often for good; Postfix's default is 50.
type places struct {
	limit int

	mu    sync.Mutex
	taken map[string]int // by server; one that nobody is at is dropped
}

func newPlaces(limit int) *places { return &places{limit: limit, taken: map[string]int{}} }

// pause is about how long a caller stays away who found no place. Callers have queues: they do not wait here.
const pause = time.Second

// enter takes a place at a server, which the caller gives back by calling leave once. domain.ErrThrottled when all
// are taken.
func (p *places) enter(server string) (leave func(), err error) {
	server = strings.ToLower(server)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[server] >= p.limit {
		return nil, &domain.Error{
			Kind: domain.ErrThrottled, Msg: "we have as many connections to this mail server as we allow ourselves: try again in a moment",
			RetryAfter: pause + time.Duration(rand.Float64()*float64(pause)), // who left together does not come back together
		}
	}
	p.taken[server]++
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.taken[server]--; p.taken[server] == 0 {
			delete(p.taken, server)
		}
	}, nil
}
