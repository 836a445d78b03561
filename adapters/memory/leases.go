package memory

import (
	"context"
	"sync"

	"github.com/keybuzzio/marketplaces/ports"
)

// Leases are ports.Leases among those who share them in one process. None is ever lost.
type Leases struct {
	mu    sync.Mutex // guards taken
	taken map[string]bool
}

var _ ports.Leases = (*Leases)(nil)

// NewLeases returns leases that nobody has taken.
func NewLeases() *Leases { return &Leases{taken: map[string]bool{}} }

// Take implements ports.Leases.
func (l *Leases) Take(ctx context.Context, name string) (held context.Context, release func(), ok bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, false, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.taken[name] {
		return nil, nil, false, nil
	}
	l.taken[name] = true
	held, cancel := context.WithCancel(ctx)
	var once sync.Once
	return held, func() {
		cancel()
		once.Do(func() { l.giveBack(name) })
	}, true, nil
}

func (l *Leases) giveBack(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.taken, name)
}
