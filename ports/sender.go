package ports

import (
	"context"

	"github.com/keybuzzio/marketplaces/domain"
)

// Sender hands answers to a marketplace: the outbound port. There is one per marketplace, for all sellers; what is
// particular to a seller comes with the message's connection.
type Sender interface {
	// Send makes one attempt to hand m over. A nil error means that the other side took it, and no more: only the
	// marketplace's copy proves that the buyer has it.
	//
	//   - handOver is called at most once, when the next bytes could make the other side take m: for SMTP between the yes to
	//     the recipient and the text, for an API right before the request is written. Its error ends the attempt with
	//     nothing taken and comes back as it is. Before it returns, the other side has nothing to take.
	//   - domain.ErrOutcomeUnknown: everything was handed over and no answer was heard. The other side may have taken m.
	//   - Every other error means that m was certainly not taken, whether handOver was called or not.
	//   - domain.ErrUnavailable (with RetryAfter when the other side said so) and domain.ErrThrottled: try again.
	//   - domain.ErrRejected: refused for good; the message says what the seller can do. domain.ErrInvalid: m cannot be
	//     expressed, whatever the other side thinks.
	//   - Context errors pass as they are while it is certain that nothing was taken. A context that ends later is
	//     domain.ErrOutcomeUnknown, which no context error is found in.
	//   - The error of a file's Open or Read comes back as it is, with nothing taken. A file that is shorter or longer than
	//     its Size is domain.ErrInvalid. Every file opened is closed. Files are streamed.
	//   - Send never repeats by itself what the other side may have taken, and does not remember what it sent: sending twice
	//     is sending twice. The caller retries, on ErrUnavailable and ErrThrottled only.
	//   - No error holds the text, an address or a credential.
	//
	// Safe for concurrent use.
	Send(ctx context.Context, m domain.OutgoingMessage, handOver func(ctx context.Context) error) (domain.Receipt, error)
}
