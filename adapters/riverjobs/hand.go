package riverjobs

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// hand is the jobs that an engine is at. The queue may say more: when the line broke off in the middle of an answer, jobs are
// marked as this engine's that it never heard of.
type hand struct {
	mu  sync.Mutex
	ids map[int64]int // how often
}

// lingering is how long a job that has ended still counts as held: River writes its end a little later, in a batch.
const lingering = 15 * time.Second

// hold notes that the engine is at a job until a while after release is called.
func (h *hand) hold(id int64) (release func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ids == nil {
		h.ids = map[int64]int{}
	}
	h.ids[id]++
	return func() { time.AfterFunc(lingering, func() { h.drop(id) }) }
}

func (h *hand) drop(id int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ids[id]--; h.ids[id] == 0 {
		delete(h.ids, id)
	}
}

// held returns the jobs that the engine is at; an empty list, not none, which is no array to a database.
func (h *hand) held() []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.AppendSeq([]int64{}, maps.Keys(h.ids))
}
