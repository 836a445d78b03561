package boot_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/postgres/pgtest"
	"github.com/keybuzzio/marketplaces/app/boot"
)

// production is a sound environment outside development mode.
func production(more ...string) []string {
	return append([]string{
		"DATABASE_URL=postgres://keybuzz:hunter2@db/keybuzz", "JWT_SECRET=" + strings.Repeat("s", 32),
		"VAULT_ADDR=https://vault:8200", "VAULT_TOKEN=hvs.hunter2",
	}, more...)
}

func TestLoadDefaults(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c, err := boot.Load(production(), false)
	is.NoErr(err)
	is.Equal(c.Port, uint16(4000))
	is.Equal(c.PollSeconds, uint32(60))
	is.Equal(c.Marketplaces, []string{"amazon"})
	is.True(!c.Dev)
	is.Equal(len(c.MailboxNetworks), 0)
}

func TestLoadSaysAllThatIsWrong(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		environ []string
		says    []string
	}{
		"nothing set":         {nil, []string{"DATABASE_URL", "VAULT_ADDR"}},
		"empty is not set":    {production("DATABASE_URL=", "VAULT_ADDR= "), []string{"DATABASE_URL", "VAULT_ADDR"}},
		"no way into Vault":   {production("VAULT_TOKEN="), []string{"VAULT_TOKEN"}},
		"half an AppRole":     {production("VAULT_TOKEN=", "VAULT_ROLE_ID=r"), []string{"VAULT_TOKEN"}},
		"unknown marketplace": {production("KEYBUZZ_MARKETPLACES=amazon,ebay"), []string{"KEYBUZZ_MARKETPLACES", "ebay"}},
		"not served yet":      {production("KEYBUZZ_MARKETPLACES=fnac"), []string{"KEYBUZZ_MARKETPLACES", "fnac"}},
		"all of them wrong":   {[]string{"DATABASE_URL=garbage://hunter2", "VAULT_ADDR=hunter2", "VAULT_TOKEN=x"}, []string{"DATABASE_URL", "vault"}},
		"many at once":        {production("PORT=http", "KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS=soon", "LOG_LEVEL=loud", "LOG_FORMAT=xml", "KEYBUZZ_DEV_MODE=perhaps", "KEYBUZZ_MAILBOX_NETWORKS=here"), []string{"PORT", "KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS", "LOG_LEVEL", "LOG_FORMAT", "KEYBUZZ_DEV_MODE", "KEYBUZZ_MAILBOX_NETWORKS"}},
		"an interval of zero": {production("KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS=0"), []string{"KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS"}},
		"a port beyond 65535": {production("PORT=70000"), []string{"PORT"}},
		"a negative interval": {production("KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS=-5"), []string{"KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			// The program itself, which stops before it opens anything.
			err := boot.Worker(t.Context(), nil, test.environ, boot.Streams{Out: io.Discard, Err: io.Discard})
			is.True(err != nil)
			for _, setting := range test.says {
				is.True(strings.Contains(err.Error(), setting)) // names it
			}
			is.Equal(len(strings.Split(err.Error(), "\n")) >= len(uniqueSettings(test.says)), true) // a line each
			is.True(!strings.Contains(err.Error(), "hunter2"))                                      // no secret
		})
	}
}

// uniqueSettings leaves the names of settings, which are in upper case.
func uniqueSettings(words []string) (settings []string) {
	for _, w := range words {
		if strings.ToUpper(w) == w {
			settings = append(settings, w)
		}
	}
	return settings
}

func TestDevelopmentModeNeedsNothing(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, test := range []struct {
		environ []string
		flag    bool
	}{{[]string{"HOME=/tmp"}, true}, {[]string{"HOME=/tmp", "KEYBUZZ_DEV_MODE=true"}, false}} {
		c, err := boot.Load(test.environ, test.flag)
		is.NoErr(err)
		is.True(c.Dev)
		is.True(c.DataDir != "")
	}
}

func TestMigratingNeedsTheDatabaseOnly(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	url := pgtest.Empty(t)
	for _, program := range []func(context.Context, []string, []string, boot.Streams) error{boot.Server, boot.Worker} {
		is.NoErr(program(t.Context(), []string{"migrate"}, []string{"DATABASE_URL=" + url}, boot.Streams{Out: io.Discard, Err: io.Discard}))
	}
}

func TestProductionMakesNothingUp(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	var out, log strings.Builder
	err := boot.Server(t.Context(), nil, production("JWT_SECRET="), boot.Streams{Out: &out, Err: &log})
	is.True(err != nil)
	is.True(strings.Contains(err.Error(), "JWT_SECRET"))
}
