package mail_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/keybuzzio/marketplaces/domain"
)

// serveScript runs an IMAP server that lets everybody in, opens a folder of three mails, and gives each later command
// to script. Without a script it says its greeting and no more.
func serveScript(t *testing.T, greeting, examined string, script func(conn net.Conn, tag, command string)) domain.Mailbox {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go follow(conn, greeting, examined, script)
		}
	}()
	return domain.Mailbox{
		Host: "127.0.0.1", Port: ln.Addr().(*net.TCPAddr).Port, TLS: domain.TLSNone, User: "u", Password: domain.NewSecret("p"), Name: "INBOX",
	}
}

func follow(conn net.Conn, greeting, examined string, script func(conn net.Conn, tag, command string)) {
	defer func() { _ = conn.Close() }()
	say(conn, greeting)
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		tag, command, _ := strings.Cut(lines.Text(), " ")
		switch {
		case script == nil:
		case strings.HasPrefix(command, "LOGIN"):
			say(conn, tag+" OK welcome\r\n")
		case strings.HasPrefix(command, "CAPABILITY"):
			_, caps, _ := strings.Cut(greeting, "[")
			caps, _, _ = strings.Cut(caps, "]")
			say(conn, "* "+caps+"\r\n"+tag+" OK\r\n")
		case strings.HasPrefix(command, "EXAMINE") && strings.Contains(command, "CONDSTORE") && strings.Contains(greeting, "BROKEN"):
			say(conn, tag+" BAD illegal arguments\r\n")
		case strings.HasPrefix(command, "EXAMINE"):
			say(conn, "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] v\r\n"+examined+tag+" OK [READ-ONLY] done\r\n")
		case strings.HasPrefix(command, "LOGOUT"):
			say(conn, "* BYE\r\n"+tag+" OK\r\n")
			return
		default:
			script(conn, tag, command)
		}
	}
}

func say(w io.Writer, s string) { _, _ = io.WriteString(w, s) }

// awkward is a server with three mails, UIDs 1 to 3, that is in its rights but hard to get on with.
type awkward struct {
	uidLast bool         // it puts the UID behind the text
	refused map[int]bool // mails that it lists but does not hand out
	gone    map[int]bool // mails that are removed between listing and fetching

	mu       sync.Mutex
	commands map[string]int // how often it was asked for what
}

// answer answers SEARCH and FETCH.
func (a *awkward) answer(conn net.Conn, tag, command string) {
	verb := regexp.MustCompile(`^(UID )?[A-Z]+`).FindString(command)
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.commands == nil {
		a.commands = map[string]int{}
	}
	a.commands[verb]++
	if verb == "UID SEARCH" {
		say(conn, "* SEARCH 1 2 3\r\n"+tag+" OK\r\n")
		return
	}
	refused := false
	for uid := 1; uid <= 3; uid++ {
		if !asked(command, uid) || a.gone[uid] && a.commands["UID FETCH"] > 1 {
			continue
		}
		raw := rawMail(uid)
		switch {
		case !strings.Contains(command, "BODY"):
			say(conn, fmt.Sprintf("* %d FETCH (UID %d RFC822.SIZE %d INTERNALDATE \" 2-Mar-2026 10:00:00 +0000\")\r\n", uid, uid, len(raw)))
		case a.refused[uid]:
			refused = true
		case a.uidLast:
			say(conn, fmt.Sprintf("* %d FETCH (BODY[] {%d}\r\n%s UID %d)\r\n", uid, len(raw), raw, uid))
		default:
			say(conn, fmt.Sprintf("* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n", uid, uid, len(raw), raw))
		}
	}
	if refused {
		say(conn, tag+" NO [SERVERBUG] some messages could not be fetched\r\n")
		return
	}
	say(conn, tag+" OK\r\n")
}

func rawMail(n int) string {
	return "From: a1b2c3d4e5f6@marketplace.amazon.fr\r\nMessage-ID: <" + strconv.Itoa(n) + "@x>\r\n\r\nBonjour " + strconv.Itoa(n) + "\r\n"
}

// count returns how many commands came since it was last asked.
func (a *awkward) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := len(a.commands)
	clear(a.commands)
	return n
}

// asked reports whether a FETCH asks for the mail whose number and UID are n.
func asked(command string, n int) bool {
	set := regexp.MustCompile(`FETCH ([0-9:,]+) `).FindStringSubmatch(command)
	if set == nil {
		return false
	}
	for _, r := range strings.Split(set[1], ",") {
		from, to, ranged := strings.Cut(r, ":")
		if !ranged {
			to = from
		}
		low, _ := strconv.Atoi(from)
		high, _ := strconv.Atoi(to)
		if low <= n && n <= high {
			return true
		}
	}
	return false
}
