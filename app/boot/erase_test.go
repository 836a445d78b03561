package boot_test

import (
	"context"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/app/boot"
)

func TestEraseArguments(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		args []string
		want []string // parts of the error
	}{
		"nothing named":      {[]string{"erase"}, []string{"--tenant is missing", "worker erase --help"}},
		"no tenant's name":   {[]string{"erase", "--tenant", "../x"}, []string{"--tenant: not a tenant id"}},
		"a flag of replay":   {[]string{"erase", "--tenant", "demo", "--rejected"}, []string{"belong to the command replay"}},
		"yes to nothing":     {[]string{"--yes"}, []string{"--yes belongs to the command erase"}},
		"yes to another":     {[]string{"replay", "--tenant", "demo", "--rejected", "--yes"}, []string{"--yes belongs to the command erase"}},
		"a command too many": {[]string{"erase", "replay"}, []string{"one command at a time"}},
		"not for the server": {nil, []string{"unknown command"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			run := boot.Worker
			if test.args == nil {
				run, test.args = boot.Server, []string{"erase"}
			}
			err := run(context.Background(), test.args, nil, boot.Streams{Out: &buffer{}, Err: &buffer{}})
			is.True(err != nil)
			for _, part := range test.want {
				is.True(strings.Contains(err.Error(), part))
			}
		})
	}
	t.Run("help", func(t *testing.T) {
		t.Parallel()
		is := is.New(t)
		out := &buffer{}
		is.NoErr(boot.Worker(t.Context(), []string{"erase", "--help"}, nil, boot.Streams{Out: out, Err: out}))
		is.True(strings.Contains(out.String(), "There is no way back"))
	})
}

// An operator erases a seller's mails: first asked what it would do, then done, and what is left is said.
func TestErase(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	r := newReceiver(t, newProduct(t))
	mails := mailtest.Buyers(mailtest.Typical(31, 60))[:20]
	is.NoErr(r.push(t.Context(), mails))
	erase := func(args ...string) (int, string) {
		w := start(t, "worker", r.settings, append([]string{"erase", "--tenant", "demo"}, args...)...)
		return w.wait(t), w.out.String() + w.log.String()
	}
	code, out := erase()
	is.Equal(code, 1) // what was not done is no success
	is.True(strings.Contains(out, "tenant demo has 20 messages"))
	is.True(strings.Contains(out, "nothing was erased: run again with --yes"))
	is.Equal(r.count(t, "SELECT count(*) FROM marketplace.raw_keys WHERE erased_at IS NULL"), 1)
	for range 2 { // again is harmless
		code, out = erase("--yes")
		is.Equal(code, 0)
		is.True(strings.Contains(out, "20 messages as they came are unreadable for good"))
	}
	is.Equal(r.count(t, "SELECT count(*) FROM marketplace.raw_keys WHERE erased_at IS NULL"), 0)
	is.Equal(r.counts(t), expect(mails)) // tickets stay
	again := start(t, "worker", r.settings, "replay", "--tenant", "demo", "--since", "2026-01-01")
	is.Equal(again.wait(t), 0)
	is.True(strings.Contains(again.out.String(), "kept=20")) // nothing is lost for it
	is.NoErr(r.push(t.Context(), mailtest.Buyers(mailtest.Typical(32, 9))[:1]))
	is.Equal(r.count(t, "SELECT count(*) FROM marketplace.raw_keys WHERE erased_at IS NULL"), 1)
}
