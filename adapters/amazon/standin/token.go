package standin

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
)

// How tokens begin.
const (
	refreshPrefix    = "Atzr|"
	accessPrefix     = "Atza|"
	restrictedPrefix = "Atz.sprdt|"
	pagePrefix       = "page|"
	statePrefix      = "state|"
)

// token is what a token says. All of it is in the token itself, signed: nothing is kept of those that were given out.
type token struct {
	Client  string `json:"c,omitempty"`
	Seller  string `json:"s,omitempty"` // "" in a grantless one
	Region  string `json:"r,omitempty"`
	Grant   int64  `json:"g,omitempty"` // serial of the consent
	Serial  int64  `json:"n,omitempty"` // of a refresh token
	Granted int64  `json:"t,omitempty"` // when the seller consented, Unix seconds
	Ends    int64  `json:"e,omitempty"` // Unix nanoseconds; 0: never

	Scope     string     `json:"o,omitempty"` // of a grantless one
	Resources []resource `json:"u,omitempty"` // of a restricted one

	Query string `json:"q,omitempty"` // of a page: the question that it belongs to
	After string `json:"a,omitempty"` // of a page: the order that it comes after
	Upto  int64  `json:"b,omitempty"` // of a page: when the first page was asked for, Unix nanoseconds
}

func tokenKey(seed uint64) []byte {
	mac := hmac.New(sha256.New, []byte("keybuzz stand-in for Amazon"))
	_ = binary.Write(mac, binary.BigEndian, seed)
	return mac.Sum(nil)
}

var tokenText = base64.RawURLEncoding.Strict()

// seal makes a token.
func (a *Amazon) seal(prefix string, t token) string {
	text, err := json.Marshal(t)
	if err != nil {
		panic(err) // there is nothing in it that could fail
	}
	return prefix + tokenText.EncodeToString(text) + "." + tokenText.EncodeToString(a.sign(prefix, text))
}

// open reads a token. ok is false for what was not made by seal with the same seed and prefix.
func (a *Amazon) open(prefix, s string) (t token, ok bool) {
	s, ok = strings.CutPrefix(s, prefix)
	if !ok {
		return token{}, false
	}
	body, signature, _ := strings.Cut(s, ".")
	text, err := tokenText.DecodeString(body)
	if err != nil {
		return token{}, false
	}
	mac, err := tokenText.DecodeString(signature)
	if err != nil || !hmac.Equal(mac, a.sign(prefix, text)) {
		return token{}, false
	}
	return t, json.Unmarshal(text, &t) == nil
}

func (a *Amazon) sign(prefix string, text []byte) []byte {
	mac := hmac.New(sha256.New, a.key)
	_, _ = mac.Write([]byte(prefix))
	_, _ = mac.Write(text)
	return mac.Sum(nil)[:16]
}
