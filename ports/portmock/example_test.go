package portmock_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"go.uber.org/mock/gomock"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
	"github.com/keybuzzio/marketplaces/ports/portmock"
)

// A fake fails on cue, which the stores of adapters/memory do not: here the database is down for one tenant.
func Example() {
	var t testing.T // in a test, the test's own
	repository := portmock.NewMockRepository(gomock.NewController(&t))
	repository.EXPECT().View(gomock.Any(), gomock.Any(), gomock.Any()).
		Return(domain.Errorf(domain.ErrUnavailable, "the database is down"))

	tenant, _ := domain.ParseTenantID("acme")
	err := repository.View(context.Background(), tenant, func(context.Context, ports.Tx) error { return nil })
	fmt.Println(errors.Is(err, domain.ErrUnavailable), err)
	// Output: true the database is down
}
