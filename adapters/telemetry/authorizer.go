package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// Authorizer returns a with a span for every call that asks the marketplace. Neither a code nor a token is in one, and nobody
// knows yet whose a code is.
func (t *Tracing) Authorizer(a ports.Authorizer) ports.Authorizer {
	if t == nil {
		return a
	}
	return authorizer{a, t}
}

// authorizer leaves what calls nobody as it is.
type authorizer struct {
	ports.Authorizer
	tracing *Tracing
}

// Redeem implements ports.Authorizer.
func (a authorizer) Redeem(ctx context.Context, code domain.Secret) (domain.SecretData, error) {
	ctx, span := a.tracing.call(ctx, "consent redeem")
	defer span.End()
	data, err := a.Authorizer.Redeem(ctx, code)
	fail(span, err)
	return data, err
}

// Participations implements ports.Authorizer.
func (a authorizer) Participations(ctx context.Context, by domain.AuthorizationState) ([]domain.Participation, error) {
	ctx, span := a.tracing.call(ctx, "participations get", authorizationAttributes(by)...)
	defer span.End()
	all, err := a.Authorizer.Participations(ctx, by)
	fail(span, err)
	return all, err
}

// authorizationAttributes say by whose leave a marketplace is asked: without the account's id there, and without the place of
// its token.
func authorizationAttributes(a domain.AuthorizationState) []attribute.KeyValue {
	return []attribute.KeyValue{
		tenantKey.String(a.Tenant.String()), connectionKey.String(a.Connection.String()),
		marketplaceKey.String(marketplaceLabel(a.Type)), regionKey.String(a.Region),
	}
}
