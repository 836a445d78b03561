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
	replay  replayArguments
	erase   eraseArguments
}

// program describes a binary's command line.
type program struct {
	name     string
	help     string
	once     bool     // has the flag --once
	tenants  bool     // has the commands for one tenant, replay and erase, and their flags
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
	if p.tenants {
		a.replay.register(flags)
		flags.BoolVar(&a.erase.yes, "yes", false, "")
	}
	// Flags may stand before and after the command.
	rest := args
	for {
		if err := flags.Parse(rest); errors.Is(err, flag.ErrHelp) {
			help, _ := p.helpWith(a.command)
			_, _ = io.WriteString(out, help)
			return a, errHelp
		} else if err != nil {
			_, how := p.helpWith(a.command)
			return a, fmt.Errorf("%w: see %s", err, how)
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
	return a, a.fit(p)
}

// helpWith returns the help with a command, and how one asks for it.
func (p program) helpWith(command string) (help, how string) {
	switch {
	case p.tenants && command == "replay":
		return replayHelp, p.name + " replay --help"
	case p.tenants && command == "erase":
		return eraseHelp, p.name + " erase --help"
	}
	return p.help, p.name + " --help"
}

// fit holds that flags stand with their command.
func (a *arguments) fit(p program) error {
	if a.command == "erase" { // it has the flag --tenant too
		a.erase.tenant, a.replay.tenant = a.replay.tenant, ""
	}
	if a.command != "replay" && a.replay != (replayArguments{}) {
		return fmt.Errorf("--tenant, --rejected, --since, --message and --apply belong to the command replay: see %s replay --help", p.name)
	}
	if a.command != "erase" && a.erase != (eraseArguments{}) {
		return fmt.Errorf("--yes belongs to the command erase: see %s erase --help", p.name)
	}
	return nil
}

const serverHelp = `server answers the HTTP API of KeyBuzz Marketplaces.

Usage:
  server [--dev] [serve]    answer requests until interrupted
  server [--dev] migrate    bring the database schema up to date, then stop

Flags:
  --dev    development mode: the whole product on this machine alone. A private Postgres, the
           schema brought up to date, secrets in a file, invented messages allowed, the worker
           inside; the address of a page to try it on, a token and commands are printed. Listens on
           loopback only.

Without --dev it needs these settings (migrate needs the first only):
  DATABASE_URL    postgres://user:password@host:5432/database; run "server migrate" first
  JWT_SECRET      at least 32 bytes that sign the tokens (HS256), or JWT_JWKS_URL
  VAULT_ADDR      where sellers' secrets are kept, with VAULT_TOKEN, or VAULT_ROLE_ID and
                  VAULT_SECRET_ID, or VAULT_KUBERNETES_ROLE

Others, with their defaults:
  PORT=4000  KEYBUZZ_MARKETPLACES=amazon  LOG_LEVEL=info  LOG_FORMAT (text on a terminal, else json)
  KEYBUZZ_MAILBOX_NETWORKS (every public network)  KEYBUZZ_DATA_DIR (for --dev: the user's cache folder; root's is /var/lib/keybuzz)
  KEYBUZZ_METRICS_TENANTS=false  OTEL_… (traces: OpenTelemetry's standard variables)
  KEYBUZZ_RAW_S3_… (as for the worker)

To take mail that marketplaces send to KeyBuzz:
  KEYBUZZ_INBOUND_DOMAIN        domain of the sellers' inbound addresses, such as inbound.example.com
  KEYBUZZ_LMTP_ADDR, _SMTP_ADDR such as :2424 and :2525, for your own mail server to deliver to; unset: off
  KEYBUZZ_INBOUND_NETWORKS      who may deliver; unset: this machine and private networks
  KEYBUZZ_INBOUND_AUTHSERV_ID   the name your mail server signs its Authentication-Results with; workers need it too
  KEYBUZZ_INBOUND_TLS_CERT, _TLS_KEY  PEM files for STARTTLS
  INBOUND_WEBHOOK_KEY           at least 32 bytes that sign POST /api/v1/webhooks/inbound-email; two, with a
                                comma between, while they are exchanged

To send answers from inbound addresses; workers need it too:
  KEYBUZZ_SMTP_SUBMISSION_ADDR  your relay, such as smtp.example.com:587; unset: such answers are refused
  KEYBUZZ_SMTP_SUBMISSION_TLS, _USER, _PASSWORD  implicit, starttls or none (unset: by the port); its log-in
  KEYBUZZ_DKIM_SELECTOR, _KEY   sign with the inbound domain's key, a PEM file; unset: the relay does

To let sellers authorize KeyBuzz at Amazon, so that tickets show their orders:
  AMAZON_SPAPI_CLIENT_ID, _CLIENT_SECRET, _APP_ID, _REDIRECT_URI   the application as it is registered, all or
                                none; workers need it too. Two secrets, with a comma between, while they are exchanged
  AMAZON_SPAPI_FROM_VAULT=false it is at secret/keybuzz/amazon_spapi/app in Vault instead
  AMAZON_SPAPI_DRAFT=false      it is not published yet
  AMAZON_SPAPI_MODE=production  or sandbox; with --dev also standin: a stand-in for Amazon inside, at
                                KEYBUZZ_STANDIN_ADDR (127.0.0.1:0)
  AMAZON_SPAPI_SIGN_IN_URL      where sellers sign in who come from Amazon's Appstore; unset: they are refused
  KEYBUZZ_RETURN_URLS           where browsers may go after a consent, comma-separated; unset: to a page of this server

Once it runs, /docs describes the API.
`

const workerHelp = `worker reads buyers' messages and turns them into tickets.

Usage:
  worker [--dev]           poll every connected seller again and again until interrupted
  worker [--dev] --once    poll every connected seller once, print what came, then stop
  worker [--dev] migrate   bring the database schema up to date, then stop
  worker [--dev] replay    read stored messages again with this version: see worker replay --help
  worker [--dev] erase     make a tenant's messages, as they came, unreadable: see worker erase --help

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
  KEYBUZZ_METRICS_ADDR (such as :9090 for /metrics, /healthz, /readyz; unset: none)
  KEYBUZZ_METRICS_TENANTS=false  OTEL_… (traces: OpenTelemetry's standard variables)
  KEYBUZZ_WORKER_CONCURRENCY=64 (sellers polled at once)  KEYBUZZ_IMAP_CONNECTIONS_PER_HOST=32
  KEYBUZZ_IMAP_IDLE=200 (mailboxes that are watched, so that mails come at once; 0: none)
  KEYBUZZ_INBOUND_AUTHSERV_ID (as for the server)  KEYBUZZ_DATA_DIR (for --dev: the same as the server's)
  AMAZON_SPAPI_… (as for the server: without them no order is fetched)
  KEYBUZZ_SMTP_SUBMISSION_…, KEYBUZZ_DKIM_… (as for the server: what answers leave by)
  KEYBUZZ_RAW_S3_ENDPOINT, _REGION, _BUCKET, _PREFIX, _ACCESS_KEY_ID, _SECRET_ACCESS_KEY (S3-compatible
  storage that messages are moved to, sealed; unset: they stay in the database)

Interrupted (SIGTERM), it stops within 10 seconds. A page in hand is finished or given up; nothing is lost.
`
