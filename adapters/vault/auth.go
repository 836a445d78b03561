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

	// login returns a token and how long it is good for, 0 if for ever.
	login(ctx context.Context, c *api.Logical) (token string, ttl time.Duration, err error)
}

// Token is a token that somebody else made, and renews.
type Token struct{ Token domain.Secret }

func (a Token) check() error {
	if a.Token.IsZero() {
		return domain.Errorf(domain.ErrInvalid, "vault: the token is empty")
	}
	return nil
}

func (a Token) login(context.Context, *api.Logical) (string, time.Duration, error) {
	return a.Token.Reveal(), 0, nil
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

func (a AppRole) login(ctx context.Context, c *api.Logical) (string, time.Duration, error) {
	return loginAt(ctx, c, orElse(a.Mount, "approle"), map[string]string{"role_id": a.RoleID, "secret_id": a.SecretID.Reveal()})
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

func (a Kubernetes) login(ctx context.Context, c *api.Logical) (string, time.Duration, error) {
	jwt, err := os.ReadFile(orElse(a.TokenPath, "/var/run/secrets/kubernetes.io/serviceaccount/token"))
	if err != nil {
		return "", 0, domain.Wrap(domain.ErrUnavailable, err, "vault: the service account's token cannot be read")
	}
	return loginAt(ctx, c, orElse(a.Mount, "kubernetes"), map[string]string{"role": a.Role, "jwt": strings.TrimSpace(string(jwt))})
}

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
		Auth struct {
			ClientToken   string `json:"client_token"`
			LeaseDuration int64  `json:"lease_duration"` // seconds
		} `json:"auth"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Auth.ClientToken == "" {
		return "", 0, domain.Errorf(domain.ErrUnavailable, "vault gave no token")
	}
	return answer.Auth.ClientToken, time.Duration(answer.Auth.LeaseDuration) * time.Second, nil
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
