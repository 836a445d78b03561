package ports

import (
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// Observer is told what happened, for metrics. Its methods return at once, never fail and never panic. Safe for
// concurrent use.
type Observer interface {
	// Polled is called when a poll has ended, however it did.
	Polled(Polled)

	// Ingested is called when a page has been stored, or thrown away.
	Ingested(Ingested)

	// Received is called when a message was classed by its raw and stored for the first time.
	Received(Received)

	// Delivered is called when a mail that was pushed here has been answered, whatever the answer.
	Delivered(Delivered)

	// Throttled is called when a call to a marketplace or a mail server was put off by one of our own limits. operation
	// is a constant of the adapter, such as imap.connect.
	Throttled(operation string, wait time.Duration)

	// APICall is called when a marketplace's API has been asked once, whatever came of it: a call that is repeated is told
	// each time.
	APICalled(APICall)

	// Alarm is called when something keeps us from working for every seller that only an operator can mend. It is called
	// again for as long as that is so.
	Alarm(Alarm)
}

// PollOutcome says how a poll ended.
type PollOutcome string

// The outcomes of polls.
const (
	PollOK          PollOutcome = "ok"          // the source was read to its end
	PollMore        PollOutcome = "more"        // its turn was over before the source was read to its end
	PollSuperseded  PollOutcome = "superseded"  // another poll of the connection was ahead
	PollThrottled   PollOutcome = "throttled"   // put off by a limit of ours
	PollUnavailable PollOutcome = "unavailable" // a temporary fault
	PollRefused     PollOutcome = "refused"     // the source refused us, or the connection cannot be polled
	PollInterrupted PollOutcome = "interrupted" // this process stops
	PollFailed      PollOutcome = "failed"      // a bug: an error without a kind, or a panic
)

// PollOutcomes are all outcomes of polls.
var PollOutcomes = []PollOutcome{
	PollOK, PollMore, PollSuperseded, PollThrottled, PollUnavailable, PollRefused, PollInterrupted, PollFailed,
}

// Polled is one poll that has ended.
type Polled struct {
	Tenant     domain.TenantID
	Connection domain.ConnectionID
	Type       domain.MarketplaceType
	Outcome    PollOutcome
	Took       time.Duration
}

// Ingested is one page that was stored, or thrown away when Superseded.
type Ingested struct {
	Tenant                                 domain.TenantID
	Type                                   domain.MarketplaceType
	Fetched, Created, Duplicates, Rejected int // messages
	Superseded                             bool
	Took                                   time.Duration
}

// Received is one message that was stored for the first time.
type Received struct {
	Type       domain.MarketplaceType
	Kind       domain.MessageKind
	Quarantine domain.QuarantineReason // "" when it is not in quarantine
}

// Delivered is one mail to one address that was pushed here.
type Delivered struct {
	Via     DeliveryWay
	Outcome DeliveryOutcome
	Took    time.Duration // from the end of the mail's text to the answer
}

// DeliveryWay says how a mail was pushed here.
type DeliveryWay string

// The ways.
const (
	ViaLMTP    DeliveryWay = "lmtp"
	ViaSMTP    DeliveryWay = "smtp"
	ViaWebhook DeliveryWay = "webhook"
)

// DeliveryWays are all ways.
var DeliveryWays = []DeliveryWay{ViaLMTP, ViaSMTP, ViaWebhook}

// DeliveryOutcome says how a pushed mail was answered.
type DeliveryOutcome string

// The outcomes of deliveries.
const (
	DeliveryStored    DeliveryOutcome = "stored"    // a new message
	DeliveryDuplicate DeliveryOutcome = "duplicate" // a copy of one that is stored
	DeliveryRejected  DeliveryOutcome = "rejected"  // kept in rejected_messages
	DeliveryUnknown   DeliveryOutcome = "unknown"   // nobody's address; refused for good
	DeliveryRetired   DeliveryOutcome = "retired"   // a retired address; refused for good
	DeliveryRefused   DeliveryOutcome = "refused"   // against the rules: too large, bad syntax, bad signature; refused for good
	DeliveryDeferred  DeliveryOutcome = "deferred"  // not now: the sender keeps it and tries again
)

// DeliveryOutcomes are all outcomes of deliveries.
var DeliveryOutcomes = []DeliveryOutcome{
	DeliveryStored, DeliveryDuplicate, DeliveryRejected, DeliveryUnknown, DeliveryRetired, DeliveryRefused, DeliveryDeferred,
}

// APICall is one request to a marketplace's API that has ended.
type APICall struct {
	Type      domain.MarketplaceType
	Operation string // a domain.Operation, or a constant of the adapter for what has no usage plan, such as lwa/refresh_token
	Outcome   APICallOutcome
	Took      time.Duration
}

// APICallOutcome says what came of one request to a marketplace's API.
type APICallOutcome string

// The outcomes of requests.
const (
	APICallOK          APICallOutcome = "ok"
	APICallNotFound    APICallOutcome = "not_found"   // there is no such thing
	APICallDenied      APICallOutcome = "denied"      // the token is taken, and this may not be done with it
	APICallWithdrawn   APICallOutcome = "withdrawn"   // the seller's token is not taken, or no longer
	APICallThrottled   APICallOutcome = "throttled"   // one call too many
	APICallUnavailable APICallOutcome = "unavailable" // no answer, or one that says that it did not work now
	APICallFailed      APICallOutcome = "failed"      // a bug: the marketplace does not understand us, or we do not understand it
)

// APICallOutcomes are all outcomes of requests.
var APICallOutcomes = []APICallOutcome{
	APICallOK, APICallNotFound, APICallDenied, APICallWithdrawn, APICallThrottled, APICallUnavailable, APICallFailed,
}

// Alarm is something that keeps us from working for every seller and that only an operator can mend.
type Alarm string

// The alarms.
const (
	AlarmAPICredentials Alarm = "api_credentials" // a marketplace refuses our own credentials for its API
)

// Alarms are all alarms.
var Alarms = []Alarm{AlarmAPICredentials}

// NoObserver takes notice of nothing.
type NoObserver struct{}

// Polled implements Observer.
func (NoObserver) Polled(Polled) {}

// Ingested implements Observer.
func (NoObserver) Ingested(Ingested) {}

// Throttled implements Observer.
func (NoObserver) Throttled(string, time.Duration) {}

// Received implements Observer.
func (NoObserver) Received(Received) {}

// Delivered implements Observer.
func (NoObserver) Delivered(Delivered) {}

// APICall implements Observer.
func (NoObserver) APICalled(APICall) {}

// Alarm implements Observer.
func (NoObserver) Alarm(Alarm) {}
