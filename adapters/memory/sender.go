package memory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Sender is a ports.Sender whose other side is a list in memory. It can be told to misbehave.
type Sender struct {
	mu    sync.Mutex // guards what follows
	taken []TakenMessage
	fault SenderFault
	took  chan struct{} // of SenderSilent
}

var _ ports.Sender = (*Sender)(nil)

// TakenMessage is an answer that the other side has.
type TakenMessage struct {
	domain.OutgoingMessage
	Content [][]byte // of its files, in their order
}

// SenderFault is how the other side misbehaves.
type SenderFault int

// The faults. Those before the text never call handOver.
const (
	SenderFine        SenderFault = iota
	SenderDown                    // cannot be reached: ErrUnavailable
	SenderRefuses                 // "never", before the text: ErrRejected
	SenderBusyAfter               // "not now", after the text: ErrUnavailable
	SenderRefusesText             // "never", after the text: ErrRejected
	SenderCutAfter                // takes it, and the answer is lost: ErrOutcomeUnknown
	SenderSilent                  // takes it and does not answer until ctx ends: ErrOutcomeUnknown
)

// NewSender returns a Sender whose other side takes everything.
func NewSender() *Sender { return &Sender{} }

// Play makes the other side misbehave from now on; SenderFine mends it. With SenderSilent the channel tells of each
// message that was taken; otherwise it is nil.
func (s *Sender) Play(f SenderFault) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.took = f, nil
	if f == SenderSilent {
		s.took = make(chan struct{}, 64)
	}
	return s.took
}

// Taken returns what the other side has, the oldest first.
func (s *Sender) Taken() []TakenMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

// Send implements ports.Sender.
func (s *Sender) Send(
	ctx context.Context, m domain.OutgoingMessage, handOver func(context.Context) error,
) (domain.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return domain.Receipt{}, err
	}
	s.mu.Lock()
	fault, took := s.fault, s.took
	s.mu.Unlock()
	switch fault {
	case SenderDown:
		return domain.Receipt{}, domain.Errorf(domain.ErrUnavailable, "the other side cannot be reached")
	case SenderRefuses:
		return domain.Receipt{}, domain.Errorf(domain.ErrRejected, "the other side refuses the sender: have the address approved")
	}
	if err := handOver(ctx); err != nil {
		return domain.Receipt{}, err
	}
	content, err := readFiles(ctx, m.Files)
	if err != nil {
		return domain.Receipt{}, err
	}
	switch fault {
	case SenderBusyAfter:
		return domain.Receipt{}, domain.Errorf(domain.ErrUnavailable, "the other side is busy")
	case SenderRefusesText:
		return domain.Receipt{}, domain.Errorf(domain.ErrRejected, "the other side refuses the text: change it")
	}
	s.mu.Lock()
	s.taken = append(s.taken, TakenMessage{m, content})
	number := len(s.taken)
	s.mu.Unlock()
	switch fault {
	case SenderCutAfter:
		return domain.Receipt{}, domain.Errorf(domain.ErrOutcomeUnknown, "the connection was lost before the answer")
	case SenderSilent:
		took <- struct{}{}
		<-ctx.Done()
		return domain.Receipt{}, domain.Errorf(domain.ErrOutcomeUnknown, "nobody waited for the answer")
	}
	return domain.Receipt{ExternalID: fmt.Sprintf("sent-%d", number), Detail: "taken"}, nil
}

// readFiles reads all files, each within its size.
func readFiles(ctx context.Context, files []domain.OutgoingFile) ([][]byte, error) {
	var all [][]byte
	for _, f := range files {
		content, err := readFile(ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, content)
	}
	return all, nil
}

func readFile(ctx context.Context, f domain.OutgoingFile) (content []byte, err error) {
	r, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	content, err = io.ReadAll(io.LimitReader(r, f.Size+1))
	if err == nil && int64(len(content)) != f.Size {
		err = domain.Errorf(domain.ErrInvalid, "a file is not as long as it says: attach it again")
	}
	return content, err
}
