package vault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/hashicorp/vault/api"

	"github.com/keybuzzio/marketplaces/domain"
)

// translate gives an error of the library its kind. Of Vault's answers only the status is kept: their text, like that of
// anything between us and Vault, may repeat what we sent.
func translate(ctx context.Context, err error) error {
	var known *domain.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err() // the caller's; the time of one request being up is not
	}
	switch code := status(err); code {
	case 0:
		return domain.Wrap(domain.ErrUnavailable, err, "vault cannot be reached")
	case http.StatusForbidden:
		return domain.Wrap(domain.ErrUnavailable, answered(code), "vault does not let us in")
	default:
		return domain.Wrap(domain.ErrUnavailable, answered(code), "vault does not work now")
	}
}

// errStranger is for answers that succeed and are not Vault's: something else stands at its address.
var errStranger = domain.Errorf(domain.ErrUnavailable, "what answers at vault's address is no KV v2 engine")

func answered(code int) error { return fmt.Errorf("vault answered %d %s", code, http.StatusText(code)) }

// status is the status of Vault's answer, 0 if err is something else.
func status(err error) int {
	var answer *api.ResponseError
	if errors.As(err, &answer) {
		return answer.StatusCode
	}
	return 0
}

// nothingThere reports whether Vault said that a path of an engine is empty. When there is no such engine it answers 404
// too, but with words.
func nothingThere(err error) bool {
	var answer *api.ResponseError
	return errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound && len(answer.Errors) == 0
}

// errVersion is for a check-and-set that met another version.
var errVersion = errors.New("the version is another one")

// otherVersion reports whether Vault refused a write because the entry's version is not the one that was named.
func otherVersion(err error) bool {
	var answer *api.ResponseError
	return errors.As(err, &answer) && answer.StatusCode == http.StatusBadRequest &&
		strings.Contains(strings.Join(answer.Errors, " "), "check-and-set parameter did not match")
}
