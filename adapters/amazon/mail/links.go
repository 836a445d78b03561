package mail

import (
	"net/url"
	"regexp"
	"strings"
)

// footer is what the links behind the closing marker say.
type footer struct {
	thread  string // t: Amazon's id of the conversation
	message string // m: Amazon's id of the message, the same in every copy of it
	notice  string // the type of the mail, a second time
}

// threadOrMessage is the shape of both ids. In mails of 2016 t was a token of 40 hex digits and no thread.
var threadOrMessage = regexp.MustCompile(`^A[0-9A-Z]{15,24}$`)

// readFooter reads Amazon's links in text. Only call it with text that no buyer wrote.
func readFooter(text string) footer {
	var f footer
	for link := range links(text) {
		q := link.Query()
		if strings.HasPrefix(link.Path, "/messaging/") {
			f.thread = firstID(f.thread, q.Get("t"))
			f.message = firstID(f.message, q.Get("m"))
		}
		for _, key := range []string{"customAttribute1Value", "communicationName", "nt"} {
			if f.notice == "" {
				f.notice = q.Get(key)
			}
		}
	}
	return f
}

func firstID(have, found string) string {
	if have == "" && threadOrMessage.MatchString(found) {
		return found
	}
	return have
}

// complete fills what f lacks from another reading of the same mail.
func (f footer) complete(o footer) footer {
	f.thread, f.message = firstID(f.thread, o.thread), firstID(f.message, o.message)
	if f.notice == "" {
		f.notice = o.notice
	}
	return f
}

// links yields the web addresses in text that lead to Amazon.
func links(text string) func(yield func(*url.URL) bool) {
	return func(yield func(*url.URL) bool) {
		for {
			i := strings.Index(text, "http")
			if i < 0 {
				return
			}
			text = text[i:]
			end := strings.IndexAny(text, " \t\n<>\"')")
			if end < 0 {
				end = len(text)
			}
			link := text[:end]
			text = text[max(end, 1):]
			if !strings.HasPrefix(link, "https://") && !strings.HasPrefix(link, "http://") || len(link) > 4000 {
				continue
			}
			u, err := url.Parse(strings.ReplaceAll(link, "&amp;", "&"))
			if err == nil && isAmazonHost(u.Hostname()) && !yield(u) {
				return
			}
		}
	}
}
