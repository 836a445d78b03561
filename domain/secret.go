package domain

import "log/slog"

const redacted = "[redacted]"

// Secret is a text that must not be seen: a password, a token. However it is printed, logged or marshalled it shows as
// "[redacted]"; only Reveal gives it out. The text sits behind a pointer, so that even %#v of a struct that holds a
// Secret shows an address and not the text. The zero value is an empty secret.
type Secret struct{ text *string }

// NewSecret hides text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{&text}
}

// Reveal gives the text out. Call it where the secret is used, never to keep the result.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.text == nil }

// String redacts.
func (s Secret) String() string { return redacted }

// GoString redacts.
func (s Secret) GoString() string { return redacted }

// LogValue redacts.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }

// MarshalText redacts.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// UnmarshalText hides the text, so that configuration can be read straight into a Secret.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = NewSecret(string(text))
	return nil
}
