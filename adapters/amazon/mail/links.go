package mail

import (
	"cmp"
	"net/url"
	"regexp"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// footer is what the links behind the closing marker say.
type footer struct {
	thread  string // t: Amazon's id of the conversation
	message string // m: Amazon's id of the message, the same in every copy of it
	notice  string // the type of the mail, a second time
	site    string // mp: Amazon's id of the country, a second time

	noResponse string // the link by which the seller says that no answer is needed, as it stands
}

// threadOrMessage is the shape of both ids. In mails of 2016 t was a token of 40 hex digits and no thread.
var threadOrMessage = regexp.MustCompile(`^A[0-9A-Z]{15,24}$`)

// readFooter reads Amazon's links in text. Only call it with text that no buyer wrote.
func readFooter(text string) footer {
	var f footer
	inbox := ""
	for as, link := range links(text) {
		q := link.Query()
		if strings.HasPrefix(link.Path, "/messaging/") {
			f.site = cmp.Or(f.site, checkedSite(q.Get("mp")))
			if f.noResponse == "" && link.Path == "/messaging/no-response-needed" && len(as) <= domain.MaxField {
				f.noResponse = as
			}
			f.thread = firstID(f.thread, q.Get("t"))
			f.message = firstID(f.message, q.Get("m"))
			inbox = cmp.Or(inbox, inboxThread(link.Path, q))
		}
		for _, key := range []string{"customAttribute1Value", "communicationName", "nt"} {
			if f.notice == "" {
				f.notice = q.Get(key)
			}
		}
	}
	f.thread = cmp.Or(f.thread, inbox)
	return f
}

// inboxThread returns the conversation that a link leads to in the seller's inbox, for mails that have no t: in Italy its
// number is the path's, in Brazil the case is searched for. "" if the link is another.
func inboxThread(path string, q url.Values) string {
	if number := strings.TrimPrefix(path, "/messaging/"); italianThread.MatchString(number) {
		return number
	}
	if path == "/messaging/inbox" && q.Get("fi") == "caseId" && brazilianCase.MatchString(q.Get("ss")) {
		return q.Get("ss")
	}
	return ""
}

var (
	italianThread = regexp.MustCompile(`^[0-9]{19}$`)
	brazilianCase = regexp.MustCompile(`^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
)

func firstID(have, found string) string {
	if have == "" && threadOrMessage.MatchString(found) {
		return found
	}
	return have
}

// complete fills what f lacks from another reading of the same mail.
func (f footer) complete(o footer) footer {
	if !threadOrMessage.MatchString(f.thread) && o.thread != "" { // one of another form is the second choice
		f.thread = o.thread
	}
	f.message, f.notice, f.site = cmp.Or(f.message, o.message), cmp.Or(f.notice, o.notice), cmp.Or(f.site, o.site)
	f.noResponse = cmp.Or(f.noResponse, o.noResponse)
	return f
}

// links yields the web addresses in text that lead to Amazon, as they stand and read.
func links(text string) func(yield func(string, *url.URL) bool) {
	return func(yield func(string, *url.URL) bool) {
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
			if err == nil && isAmazonHost(u.Hostname()) && !yield(link, u) {
				return
			}
		}
	}
}
