package app

import (
	"context"
	"errors"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// attempts bounds how often something is done anew when the constraints say that somebody was first.
const attempts = 3

// sealing runs a transaction that seals raws of a tenant, again when somebody was first, with a key that is looked up again: it
// may have been erased elsewhere.
func sealing(ctx context.Context, raws ports.SourceVault, tenant domain.TenantID, transact func(ports.SourceSealer) error) error {
	var err error
	for range attempts {
		sealer, sealerErr := raws.Sealer(ctx, tenant)
		if sealerErr != nil {
			return sealerErr
		}
		if err = transact(sealer); !errors.Is(err, domain.ErrConflict) {
			break
		}
		raws.Forget(tenant)
	}
	return err
}

// sealAll seals the raws of all that is to be stored, in place.
func sealAll(sealer ports.SourceSealer, in domain.PageWrite) (err error) {
	for i := range in.Messages {
		if in.Messages[i].Source, err = sealer.Seal(in.Messages[i].Source); err != nil {
			return err
		}
	}
	for i := range in.Rejected {
		if in.Rejected[i].Source, err = sealer.Seal(in.Rejected[i].Source); err != nil {
			return err
		}
	}
	return nil
}
