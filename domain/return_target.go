package domain

import (
	"net/url"
	"strings"
)

// ReturnTargets are where a browser may be sent after a consent: URLs as operators name them. A target is allowed if it has
// the same scheme, host and port as one of them and its path lies within that one's. So nobody sends sellers elsewhere.
type ReturnTargets struct{ allowed []*url.URL }

// ParseReturnTargets reads URLs such as https://app.example.com/settings/. ErrInvalid for one that is no absolute http or https
// URL, has user, query or fragment, or would not be sent encrypted although its host is not this machine.
func ParseReturnTargets(texts []string) (ReturnTargets, error) {
	var t ReturnTargets
	for _, text := range texts {
		u, err := parseTarget(text)
		if err != nil || u.RawQuery != "" || u.Fragment != "" {
			return ReturnTargets{}, Errorf(ErrInvalid, "give https URLs without query, such as https://app.example.com/settings")
		}
		t.allowed = append(t.allowed, u)
	}
	return t, nil
}

// Check returns target in the form in which it is kept and sent. "" is allowed, and stays. ErrReturnTarget if it is not within
// the allowed ones, or is written in a way that browsers and servers read differently.
func (t ReturnTargets) Check(target string) (string, error) {
	if target == "" {
		return "", nil
	}
	u, err := parseTarget(target)
	if err != nil {
		return "", ErrReturnTarget
	}
	for _, a := range t.allowed {
		if u.Scheme == a.Scheme && u.Host == a.Host && liesWithin(u.Path, a.Path) {
			return u.String(), nil
		}
	}
	return "", ErrReturnTarget
}

// ErrReturnTarget is the answer to a target that is not allowed.
var ErrReturnTarget = Errorf(ErrInvalid, "not a place that this installation returns to")

// maxTarget is the longest target, in bytes.
const maxTarget = 2000

// parseTarget reads an absolute URL that everybody reads alike.
func parseTarget(text string) (*url.URL, error) {
	if len(text) > maxTarget || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '\\' }) {
		return nil, ErrReturnTarget
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Opaque != "" || u.User != nil {
		return nil, ErrReturnTarget
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())) {
		return nil, ErrReturnTarget
	}
	u.Host = strings.ToLower(u.Host)
	if p, err := url.PathUnescape(u.EscapedPath()); err != nil || hasDots(p) || strings.ContainsAny(p, "\\\x00") || strings.Contains(p, "//") {
		return nil, ErrReturnTarget
	}
	return u, nil
}

func isLoopback(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// hasDots reports whether a path walks: then what it lies in depends on who reads it.
func hasDots(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == "." || part == ".." {
			return true
		}
	}
	return false
}

// liesWithin reports whether path is folder or below it.
func liesWithin(path, folder string) bool {
	folder = strings.TrimSuffix(folder, "/")
	return path == folder || strings.HasPrefix(path, folder+"/")
}
