package postgres

import (
	"context"
	"fmt"
	"sync"
)

// coalescer turns many small calls at once into few large ones: what arrives while a statement runs goes along with the
// next. A call that comes alone is not kept waiting.
type coalescer[Q, A any] struct {
	most int                                               // calls that one run may hold
	run  func(ctx context.Context, asked []Q) ([]A, error) // answers in the order of asked; keeps nothing of it

	mu      sync.Mutex
	waiting []waiter[Q, A]
	running bool
}

type waiter[Q, A any] struct {
	ask    Q
	answer chan<- answer[A]
}

type answer[A any] struct {
	value A
	err   error
}

// do returns the answer to ask, or ctx's error as soon as ctx ends. What was asked may then still happen.
func (c *coalescer[Q, A]) do(ctx context.Context, ask Q) (A, error) {
	if err := ctx.Err(); err != nil {
		var none A
		return none, err
	}
	reply := make(chan answer[A], 1)
	c.mu.Lock()
	c.waiting = append(c.waiting, waiter[Q, A]{ask, reply})
	if !c.running {
		c.running = true
		go c.work(context.WithoutCancel(ctx)) // one caller's end is not the others'
	}
	c.mu.Unlock()
	select {
	case a := <-reply:
		return a.value, a.err
	case <-ctx.Done():
		var none A
		return none, ctx.Err()
	}
}

// safely is run, but a panic fails those who asked and not the process.
func (c *coalescer[Q, A]) safely(ctx context.Context, asked []Q) (values []A, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %T", p)
		}
	}()
	return c.run(ctx, asked)
}

// work runs what waits until nothing does.
func (c *coalescer[Q, A]) work(ctx context.Context) {
	for {
		c.mu.Lock()
		batch := c.waiting[:min(len(c.waiting), c.most)]
		c.waiting = c.waiting[len(batch):]
		if len(batch) == 0 {
			c.waiting, c.running = nil, false
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
		asked := make([]Q, len(batch))
		for i, w := range batch {
			asked[i] = w.ask
		}
		values, err := c.safely(ctx, asked)
		for i, w := range batch {
			a := answer[A]{err: err}
			if err == nil {
				a.value = values[i]
			}
			w.answer <- a
		}
	}
}
