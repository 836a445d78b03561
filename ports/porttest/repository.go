package porttest

import (
	"testing"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// RepositoryFixture is a Repository and what else is over the same rows, all empty.
type RepositoryFixture struct {
	Repository ports.Repository
	Directory  ports.Directory
	PollBook   ports.PollLedger

	Routes ports.Routes            // only for TestRoutes
	Held   ports.UnarchivedSources // only for TestRawsHeld

	Consents ports.PendingConsents // only for TestPendingConsents

	// All messages and all rejected messages that are stored for a connection, in any order, read past the ports.
	Messages func(t *testing.T, tenant domain.TenantID, c domain.ConnectionID) []domain.ExternalMessage
	Rejected func(t *testing.T, tenant domain.TenantID, c domain.ConnectionID) []domain.RejectedMessage
}

// TestRepository checks a Repository against its contract. open is called once per subtest.
func TestRepository(t *testing.T, open func(t *testing.T) RepositoryFixture) {
	transactionRules.check(t, open)
	connectionRules.check(t, open)
	syncStateRules.check(t, open)
	pollRules.check(t, open)
	knownRules.check(t, open)
	bookRules.check(t, open)
	conversationRules.check(t, open)
	waitingRules.check(t, open)
	storeRules.check(t, open)
	identityRules.check(t, open)
	ticketRules.check(t, open)
	tenancyRules.check(t, open)
	auditRules.check(t, open)
	ingestRules.check(t, open)
	archiveRules.check(t, open)
	rejectsRules.check(t, open)
	fileRules.check(t, open)
	quarantineRules.check(t, open)
	addressRules.check(t, open)
	rawRules.check(t, open)
	rawKeyRules.check(t, open)
	authorizationRules.check(t, open)
	consentRules.check(t, open)
	orderRules.check(t, open)
	wantedOrderRules.check(t, open)
	replyRules.check(t, open)
}

// TestDirectory checks a Directory against its contract. open is called once per subtest.
func TestDirectory(t *testing.T, open func(t *testing.T) RepositoryFixture) {
	directoryRules.check(t, open)
}

// TestRoutes checks Routes against their contract. open is called once per subtest.
func TestRoutes(t *testing.T, open func(t *testing.T) RepositoryFixture) {
	routesRules.check(t, open)
}

// TestRawsHeld checks a UnarchivedSources against its contract. open is called once per subtest.
func TestRawsHeld(t *testing.T, open func(t *testing.T) RepositoryFixture) {
	rawsHeldRules.check(t, open)
}

// TestPendingConsents checks PendingConsents against their contract. open is called once per subtest.
func TestPendingConsents(t *testing.T, open func(t *testing.T) RepositoryFixture) {
	pendingConsentRules.check(t, open)
}
