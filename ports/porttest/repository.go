package porttest

import (
	"testing"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// RepositoryFixture is a Repository and the Directory over the same rows, both empty.
type RepositoryFixture struct {
	Repository ports.Repository
	Directory  ports.Directory

	// What no port shows, in any order: all messages and all rejected messages that are stored for a connection.
	Messages func(t *testing.T, tenant domain.TenantID, c domain.ConnectionID) []domain.ExternalMessage
	Rejected func(t *testing.T, tenant domain.TenantID, c domain.ConnectionID) []domain.RejectedMessage
}

// TestRepository checks a Repository against its contract. open is called once per subtest.
func TestRepository(t *testing.T, open func(t *testing.T) RepositoryFixture) {
	transactionRules.check(t, open)
	connectionRules.check(t, open)
	syncStateRules.check(t, open)
	knownRules.check(t, open)
	bookRules.check(t, open)
	storeRules.check(t, open)
	identityRules.check(t, open)
	ticketRules.check(t, open)
	tenancyRules.check(t, open)
	ingestRules.check(t, open)
}

// TestDirectory checks a Directory against its contract. open is called once per subtest.
func TestDirectory(t *testing.T, open func(t *testing.T) RepositoryFixture) {
	directoryRules.check(t, open)
}
