package mail

import (
	"bytes"
	"cmp"
	"regexp"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// report is what a mail server says became of a mail (RFC 3464).
type report struct {
	action    string // failed, delayed, delivered, relayed or expanded
	status    string // 5.1.1; "" when it is none
	recipient string // who did not get it
	returned  header // of the mail that it is about
}

// maxReport bounds what is read of a report and of the mail that it returns, in bytes.
const maxReport = 64 << 10

// readReport returns the report that a mail is, nil if it is none. One without the type of its kind is told by the parts
// that it has: gateways rewrite the first line of a mail.
func readReport(root *part) *report {
	var r *report
	var returned header
	isReport := root.mediaType == "multipart/report"
	for p := range root.leaves {
		switch p.mediaType {
		case deliveryStatus, "message/global-delivery-status":
			if r == nil {
				r = readStatus(p.content(maxReport))
			}
		case returnedHeader, returnedHeaderUTF8, "message/rfc822", "message/global":
			if returned == nil {
				block, _ := cutHeader(p.content(maxReport))
				returned, _ = readHeader(block)
			}
		}
	}
	if r == nil && isReport && strings.EqualFold(root.params["report-type"], "delivery-status") {
		r = &report{}
	}
	if r != nil {
		r.returned = returned
	}
	return r
}

// readStatus reads the groups of fields of a report: that of the mail, then one a recipient. We write to one, so the
// first that tells of a failure counts, else the first that tells anything.
func readStatus(b []byte) *report {
	r := &report{}
	for group := range bytes.SplitSeq(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n\n")) {
		h, _ := readHeader(append(group, '\n'))
		action := strings.ToLower(firstWord(h.get("action")))
		if action == "" && h.get("status") == "" || r.action != "" && action != "failed" {
			continue
		}
		_, recipient, _ := strings.Cut(cmp.Or(h.get("original-recipient"), h.get("final-recipient")), ";")
		*r = report{action: action, status: statusCode.FindString(h.get("status")), recipient: strings.TrimSpace(recipient)}
		if action == "failed" {
			break
		}
	}
	return r
}

// statusCode is a code of RFC 3463.
var statusCode = regexp.MustCompile(`\b[245]\.[0-9]{1,3}\.[0-9]{1,3}\b`)

// firstWord returns what stands before the first blank or bracket.
func firstWord(s string) string {
	if i := strings.IndexAny(s, " \t("); i >= 0 {
		return s[:i]
	}
	return s
}

// kind tells a failure from a delay and from good news, which is no more than a notice. What a report does not say is taken
// for the worst.
func (r *report) kind() domain.MessageKind {
	switch {
	case r.action == "failed":
		return domain.KindDeliveryFailure
	case r.action == "delayed", r.action == "" && strings.HasPrefix(r.status, "4."):
		return domain.KindDeliveryDelay
	case r.action == "delivered", r.action == "relayed", r.action == "expanded", r.action == "" && strings.HasPrefix(r.status, "2."):
		return domain.KindNotice
	}
	return domain.KindDeliveryFailure
}
