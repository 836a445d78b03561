package vault

import (
	"context"
	"encoding/json"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/keybuzzio/marketplaces/domain"
)

// Auth is how this process shows Vault who it is: [Token], [AppRole] or [Kubernetes].
type Auth interface {
	// check returns domain.ErrInvalid if a part is missing.
	check() error

	// login returns a token, and after which time it is to be asked again: before the token ends; 0 for never. as is Vault to
	// who has a token, or none.
	login(ctx context.Context, as func(token string) *api.Logical) (token string, again time.Duration, err error)

	// another reports whether a login may bring another token than one that Vault refused.
	another() bool
}

// Token is a token that somebody else made. One that can be renewed is, before half of its time is over, for as long as Vault
// allows: for ever if it has a period. One that cannot, or not any more, is used until Vault refuses it. The policy needs what
// Vault's policy "default" allows: auth/token/lookup-self and renew-self. Without that it is used as it is.
type Token struct{ Token domain.Secret }

// lookAgain is when to look after a token again that Vault says nothing of now.
const lookAgain = time.Minute

func (a Token) check() error {
	if a.Token.IsZero() {
		return domain.Errorf(domain.ErrInvalid, "vault: the token is empty")
	}
	return nil
}

func (Token) another() bool { return false }

// login asks how long the token has to live and renews it. That neither is answered says nothing about the secrets: who asks
// for them learns more.
func (a Token) login(ctx context.Context, as func(string) *api.Logical) (string, time.Duration, error) {
	token := a.Token.Reveal()
	var self struct {
		Data struct {
			TTL       int64 `json:"ttl"` // seconds; 0 for ever
			Renewable bool  `json:"renewable"`
		} `json:"data"`
	}
	if !understood(&self)(as(token).ReadRawWithContext(ctx, "auth/token/lookup-self")) {
		return token, lookAgain, nil
	}
	left := self.Data.TTL
	if left <= 0 || !self.Data.Renewable {
		return token, 0, nil
	}
	var renewed struct {
		Auth auth `json:"auth"`
	}
	if understood(&renewed)(as(token).WriteRawWithContext(ctx, "auth/token/renew-self", []byte("{}"))) {
		left = max(left, renewed.Auth.LeaseDuration)
	}
	// Near the end of all that Vault allows, this comes ever sooner.
	return token, max(time.Duration(left)*time.Second/2, time.Second), nil
}

// auth is what Vault says of a token that it makes or renews.
type auth struct {
	ClientToken   string `json:"client_token"`
	LeaseDuration int64  `json:"lease_duration"` // seconds
}

// understood reads a good answer into v, and reports whether it was one.
func understood(v any) func(*api.Response, error) bool {
	return func(r *api.Response, err error) bool {
		body, err := read(r, err)
		return err == nil && json.Unmarshal(body, v) == nil
	}
}

// AppRole logs in with a role id and a secret id.
type AppRole struct {
	RoleID   string
	SecretID domain.Secret
	Mount    string // of the auth method; approle if ""
}

func (a AppRole) check() error {
	if a.RoleID == "" || a.SecretID.IsZero() {
		return domain.Errorf(domain.ErrInvalid, "vault: an AppRole needs a role id and a secret id")
	}
	return nil
}

func (AppRole) another() bool { return true }

func (a AppRole) login(ctx context.Context, as func(string) *api.Logical) (string, time.Duration, error) {
	return loginAt(ctx, as(""), orElse(a.Mount, "approle"), map[string]string{"role_id": a.RoleID, "secret_id": a.SecretID.Reveal()})
}

// Kubernetes logs in as the pod's service account. The account's token is read anew for each login, because the kubelet
// replaces it.
type Kubernetes struct {
	Role      string
	TokenPath string // /var/run/secrets/kubernetes.io/serviceaccount/token if ""
	Mount     string // of the auth method; kubernetes if ""
}

func (a Kubernetes) check() error {
	if a.Role == "" {
		return domain.Errorf(domain.ErrInvalid, "vault: name the Kubernetes role")
	}
	return nil
}

func (Kubernetes) another() bool { return true }

func (a Kubernetes) login(ctx context.Context, as func(string) *api.Logical) (string, time.Duration, error) {
	jwt, err := os.ReadFile(orElse(a.TokenPath, "/var/run/secrets/kubernetes.io/serviceaccount/token"))
	if err != nil {
		return "", 0, domain.Wrap(domain.ErrUnavailable, err, "vault: the service account's token cannot be read")
	}
	return loginAt(ctx, as(""), orElse(a.Mount, "kubernetes"), map[string]string{"role": a.Role, "jwt": strings.TrimSpace(string(jwt))})
}

// loginAt gets a new token before nine tenths of its time are over, so that no request is on its way when it ends.
func loginAt(ctx context.Context, c *api.Logical, mount string, credentials map[string]string) (string, time.Duration, error) {
	sent, err := json.Marshal(credentials)
	if err != nil {
		return "", 0, err
	}
	body, err := read(c.WriteRawWithContext(ctx, "auth/"+mount+"/login", sent))
	if err != nil {
		return "", 0, err
	}
	var answer struct {
		Auth auth `json:"auth"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Auth.ClientToken == "" {
		return "", 0, domain.Errorf(domain.ErrUnavailable, "vault gave no token")
	}
	return answer.Auth.ClientToken, time.Duration(answer.Auth.LeaseDuration) * time.Second * 9 / 10, nil
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
