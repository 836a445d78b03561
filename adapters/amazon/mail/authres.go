package mail

import (
	"slices"
	"strings"
)

// verdict is what the receiving server found of the author's domain (RFC 8601).
type verdict struct {
	authentic bool // the author's domain did send the mail, says the receiver whom we trust
	forged    bool // it did not, says the receiver
}

// readVerdict reads the Authentication-Results of a mail from this host. The topmost field of the receiver whom we trust
// counts, by its name authServer; the ones below may be anybody's. They can still say that a mail is forged, which nobody
// pretends of his own: some receivers write a field for each check, so that DMARC's may stand below SPF's. Where that receiver
// says nothing, so can the topmost of all fields; never that a mail is authentic. A mail that a forwarder vouches for (ARC)
// is not held against its author.
func readVerdict(h header, host, authServer string) verdict {
	fields := h.all("authentication-results")
	var topmost []result
	var v verdict
	for _, field := range fields {
		server, results := readResults(field)
		switch {
		case authServer == "" || !strings.EqualFold(server, authServer):
		case topmost == nil:
			topmost, v = results, verdict{authentic: isAligned(results, host), forged: isForged(results)}
		default: // what vouches below may be anybody's too
			v.forged = v.forged || isForged(slices.Concat(topmost, results))
		}
	}
	if topmost != nil {
		return v
	}
	if len(fields) == 0 {
		return verdict{}
	}
	_, results := readResults(fields[0])
	return verdict{forged: isForged(results)}
}

// result is what one method found: dmarc=fail, and the properties that it judged: header.from=….
type result struct {
	method, value string
	properties    map[string]string
}

// readResults reads a field. All is in lower case; comments are left out.
func readResults(field string) (server string, results []result) {
	server, rest, _ := strings.Cut(strings.ToLower(withoutComments(field)), ";")
	if words := strings.Fields(server); len(words) > 0 {
		server = words[0] // a version may follow
	}
	for statement := range strings.SplitSeq(rest, ";") {
		r := result{properties: map[string]string{}}
		for _, word := range strings.Fields(statement) {
			key, value, _ := strings.Cut(word, "=")
			value = strings.Trim(value, `"`)
			if r.method == "" {
				r.method, _, _ = strings.Cut(key, "/") // a version may follow here too
				r.value = value
				continue
			}
			r.properties[key] = value
		}
		results = append(results, r)
	}
	return server, results
}

// withoutComments drops what stands in brackets and in quotes: neither says anything that counts here, and both may hold
// what looks like a result.
func withoutComments(s string) string {
	var out strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && (quoted || depth > 0):
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth == 0:
			out.WriteByte(c)
		}
	}
	return out.String()
}

// isForged reports whether DMARC failed, and no forwarder vouches.
func isForged(results []result) bool {
	failed, vouched := false, false
	for _, r := range results {
		failed = failed || r.method == "dmarc" && r.value == "fail"
		vouched = vouched || r.method == "arc" && r.value == "pass"
	}
	return failed && !vouched
}

// isAligned reports whether DMARC passed for the author's host, or a DKIM signature of its organisation's.
func isAligned(results []result, host string) bool {
	for _, r := range results {
		if r.value != "pass" {
			continue
		}
		switch r.method {
		case "dmarc":
			if from := r.properties["header.from"]; from == "" || sameOrganisation(from, host) {
				return true
			}
		case "dkim":
			if sameOrganisation(r.properties["header.d"], host) || sameOrganisation(r.properties["header.i"], host) {
				return true
			}
		}
	}
	return false
}

// sameOrganisation reports whether two hosts, or what stands behind the @ of them, are of one Amazon country, or the same.
func sameOrganisation(a, b string) bool {
	a, b = a[strings.LastIndexByte(a, '@')+1:], strings.ToLower(b)
	return a != "" && (a == b || amazonHost(a) != "" && amazonHost(a) == amazonHost(b))
}
