package mail

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// cursor says how far a mailbox was read. Its text form is stored data:
//
//	imap1:<UIDVALIDITY>:<last UID>:<HIGHESTMODSEQ>:<mailbox>
//
// A UID means something only together with the UIDVALIDITY of the mailbox that it came from.
type cursor struct {
	validity uint32
	last     uint32 // UID of the newest mail behind the cursor; 0 before the first
	modSeq   uint64 // the mailbox's state when it was read to the end; 0 when it was not, or has no such number
	mailbox  string // fingerprint
}

const cursorVersion = "imap1"

func (c cursor) String() string {
	return fmt.Sprintf("%s:%d:%d:%d:%s", cursorVersion, c.validity, c.last, c.modSeq, c.mailbox)
}

// parseCursor reads a cursor of the mailbox with this fingerprint and UIDVALIDITY. Any other text is one that reads
// from the beginning.
func parseCursor(text string, validity uint32, mailbox string) cursor {
	begin := cursor{validity: validity, mailbox: mailbox}
	f := strings.Split(text, ":")
	if len(f) != 5 || f[0] != cursorVersion {
		return begin
	}
	v, err1 := strconv.ParseUint(f[1], 10, 32)
	last, err2 := strconv.ParseUint(f[2], 10, 32)
	modSeq, err3 := strconv.ParseUint(f[3], 10, 64)
	if err1 != nil || err2 != nil || err3 != nil || uint32(v) != validity || f[4] != mailbox {
		return begin
	}
	return cursor{validity, uint32(last), modSeq, mailbox}
}

// fingerprint tells mailboxes apart without naming them.
func fingerprint(m domain.Mailbox) string {
	return digest(strings.ToLower(m.Host), strconv.Itoa(m.Port), m.User, m.Name)[:16]
}
