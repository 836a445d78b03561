package boot

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
)

// errHelp ends a run that was asked for help only.
var errHelp = errors.New("help was asked for")

// arguments are what the command line says.
type arguments struct {
	dev     bool
	once    bool
	command string
}

// program describes a binary's command line.
type program struct {
	name     string
	help     string
	once     bool     // has the flag --once
	commands []string // the first is what it does when none is named
}

// parse reads the command line. For --help it prints the help to out and returns errHelp.
func (p program) parse(args []string, out io.Writer) (arguments, error) {
	var a arguments
	flags := flag.NewFlagSet(p.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&a.dev, "dev", false, "")
	if p.once {
		flags.BoolVar(&a.once, "once", false, "")
	}
	// Flags may stand before and after the command.
	rest := args
	for {
		if err := flags.Parse(rest); errors.Is(err, flag.ErrHelp) {
			_, _ = io.WriteString(out, p.help)
			return a, errHelp
		} else if err != nil {
			return a, fmt.Errorf("%w: see %s --help", err, p.name)
		}
		if flags.NArg() == 0 {
			break
		}
		if a.command != "" {
			return a, fmt.Errorf("one command at a time, not %q and %q: see %s --help", a.command, flags.Arg(0), p.name)
		}
		a.command, rest = flags.Arg(0), flags.Args()[1:]
	}
	if a.command == "help" {
		_, _ = io.WriteString(out, p.help)
		return a, errHelp
	}
	if a.command == "" {
		a.command = p.commands[0]
	}
	if !slices.Contains(p.commands, a.command) {
		return a, fmt.Errorf("unknown command %q: see %s --help", a.command, p.name)
	}
	return a, nil
}

const serverHelp = `server answers the HTTP API of KeyBuzz Marketplaces.

Usage:
  server [--dev] [serve]    answer requests until interrupted
  server [--dev] migrate    bring the database schema up to date, then stop

Flags:
  --dev    development mode: the whole product on this machine alone. A private Postgres, the
           schema brought up to date, secrets in a file, invented messages allowed, the worker
           inside, a token and commands to try printed. Listens on loopback only.

Without --dev it needs these settings (migrate needs the first only):
  DATABASE_URL    postgres://user:password@host:5432/database; run "server migrate" first
  JWT_SECRET      at least 32 bytes that sign the tokens (HS256), or JWT_JWKS_URL
  VAULT_ADDR      where sellers' secrets are kept, with VAULT_TOKEN, or VAULT_ROLE_ID and
                  VAULT_SECRET_ID, or VAULT_KUBERNETES_ROLE

Others, with their defaults:
  PORT=4000  KEYBUZZ_MARKETPLACES=amazon  LOG_LEVEL=info  LOG_FORMAT (text on a terminal, else json)
  KEYBUZZ_MAILBOX_NETWORKS (every public network)  KEYBUZZ_DATA_DIR (for --dev: the user's cache folder; root's is /var/lib/keybuzz)

Once it runs, /docs describes the API.
`

const workerHelp = `worker reads buyers' messages and turns them into tickets.

Usage:
  worker [--dev]           poll every connected seller again and again until interrupted
  worker [--dev] --once    poll every connected seller once, print what came, then stop
  worker [--dev] migrate   bring the database schema up to date, then stop

Flags:
  --dev     development mode: the private Postgres and the secrets file that "server --dev" uses
  --once    for cron: a line for each tenant and one for all; the exit code is 1 if any tenant failed

Without --dev it needs these settings (migrate needs the first only):
  DATABASE_URL    postgres://user:password@host:5432/database; run "worker migrate" first
  VAULT_ADDR      where sellers' secrets are kept, with VAULT_TOKEN, or VAULT_ROLE_ID and
                  VAULT_SECRET_ID, or VAULT_KUBERNETES_ROLE

Others, with their defaults:
  KEYBUZZ_AMAZON_POLL_INTERVAL_SECONDS=60  KEYBUZZ_MARKETPLACES=amazon  LOG_LEVEL=info
  LOG_FORMAT (text on a terminal, else json)  KEYBUZZ_MAILBOX_NETWORKS (every public network)

Interrupted (SIGTERM), it stops within 10 seconds. A page in hand is finished or given up; nothing is lost.
`
