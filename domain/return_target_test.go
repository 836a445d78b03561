package domain_test

import (
	"errors"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestReturnTargets(t *testing.T) {
	t.Parallel()
	targets, err := domain.ParseReturnTargets([]string{"https://app.example.com/settings/", "https://example.com", "http://127.0.0.1:4000/dev"})
	is.New(t).NoErr(err)
	for _, good := range []string{
		"", "https://app.example.com/settings", "https://app.example.com/settings/amazon?tab=1#x", "https://example.com/anything",
		"http://127.0.0.1:4000/dev",
	} {
		got, err := targets.Check(good)
		is.New(t).NoErr(err)
		is.New(t).Equal(got, good)
	}
	got, err := targets.Check("https://APP.example.com/settings")
	is.New(t).NoErr(err)
	is.New(t).Equal(got, "https://app.example.com/settings") // hosts are compared without case
	for name, bad := range map[string]string{
		"another host":              "https://evil.example/settings",
		"a longer host":             "https://app.example.com.evil.example/settings",
		"a user that looks like it": "https://app.example.com@evil.example/settings",
		"user information":          "https://x@app.example.com/settings",
		"another scheme":            "http://app.example.com/settings",
		"a script":                  "javascript:alert(1)",
		"no scheme":                 "//app.example.com/settings",
		"a path alone":              "/settings",
		"another port":              "https://app.example.com:8443/settings",
		"a path beside it":          "https://app.example.com/settings2",
		"a path that walks":         "https://app.example.com/settings/../admin",
		"one that walks encoded":    "https://app.example.com/settings/%2e%2e/admin",
		"a backslash":               `https://app.example.com\@evil.example/settings`,
		"an encoded backslash":      "https://app.example.com/settings/%5c%5cevil.example",
		"a slash too many":          "https://app.example.com/settings//evil.example",
		"a line break":              "https://app.example.com/settings\r\nSet-Cookie: a=b",
		"a NUL byte":                "https://app.example.com/settings/%00",
		"a blank before":            " https://app.example.com/settings",
		"another loopback port":     "http://127.0.0.1:4001/dev",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := targets.Check(bad)
			is.New(t).True(errors.Is(err, domain.ErrInvalid))
		})
	}
}

func TestReturnTargetsOfOperators(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "app.example.com", "http://app.example.com", "https://app.example.com/?a=b", "https://app.example.com/#x", "https://u@app.example.com"} {
		_, err := domain.ParseReturnTargets([]string{bad})
		is.New(t).True(errors.Is(err, domain.ErrInvalid)) // refused at the start, not when a seller comes back
	}
	none, err := domain.ParseReturnTargets(nil)
	is.New(t).NoErr(err)
	_, err = none.Check("https://app.example.com")
	is.New(t).True(errors.Is(err, domain.ErrInvalid)) // nothing is allowed by default
}

func FuzzReturnTarget(f *testing.F) {
	targets, err := domain.ParseReturnTargets([]string{"https://app.example.com/settings"})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{"https://app.example.com/settings/x?y#z", "https://app.example.com/settings/%2e%2e/", `https:\\app.example.com/settings`, "https://app.example.com:443/settings"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := targets.Check(s)
		if err != nil || got == "" {
			return
		}
		again, err := targets.Check(got)
		if err != nil || again != got {
			t.Errorf("%q is allowed as %q, which is not", s, got)
		}
		if want := "https://app.example.com/settings"; len(got) < len(want) || got[:len(want)] != want {
			t.Errorf("%q leads to %q", s, got)
		}
	})
}
