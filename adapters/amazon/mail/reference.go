package mail

import (
	"regexp"
	"slices"
	"strings"
)

// maxReferences bounds the mails that one refers to. Those farther away are not needed to find a conversation.
const maxReferences = 20

// references returns the Message-IDs of the mails that this one is about, the nearest first: the one that a report
// returns, the one that it answers, and those before that in turn.
func (l *letter) references() []string {
	var ids []string
	add := func(found []string) {
		for _, id := range found {
			if id != "" && len(ids) < maxReferences && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	if l.report != nil {
		add([]string{messageID(l.report.returned.get("message-id"))})
	}
	add(messageIDs(l.header.get("in-reply-to")))
	earlier := messageIDs(l.header.get("references"))
	slices.Reverse(earlier)
	add(earlier)
	if local, _ := splitAddress(l.from.address); len(ids) == 0 && isMailer(strings.ToLower(local)) {
		add(messageIDs(returnedID.FindString(cut(l.text.full, maxReport)))) // of a mail server that knows no MIME
	}
	return ids
}

// returnedID is the field of a mail that a report quotes in its text.
var returnedID = regexp.MustCompile(`(?im)^[> \t]*message-id:\s*<[^<>\s]{1,900}>`)

// bracketed is a Message-ID within a field.
var bracketed = regexp.MustCompile(`<([^<>]{1,1000})>`)

// messageIDs returns the Message-IDs in a field. Some programs leave the brackets out.
func messageIDs(value string) []string {
	var ids []string
	for _, m := range bracketed.FindAllStringSubmatch(value, 200) {
		ids = append(ids, messageID(m[1]))
	}
	if len(ids) > 0 {
		return ids
	}
	for _, word := range strings.Fields(cut(value, maxReport)) {
		if strings.Contains(word, "@") {
			ids = append(ids, messageID(word))
		}
	}
	return ids
}

// messageID returns a Message-ID as it is compared: without brackets, and no longer than a field may be.
func messageID(value string) string { return cleanLine(strings.Trim(value, "<> \t")) }
