package content

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Numbers that look like telephones and are none: Amazon's order ids, and what stands behind a # or in a long row of digits.
var (
	orderID = regexp.MustCompile(`\b[0-9D][0-9]{2}-[0-9]{7}-[0-9]{7}\b`)

	mailbox = regexp.MustCompile(`(?i)[\p{L}0-9._%+\-]+\s?(?:@|\(at\)|\[at\]|\{at\}|\sat\s|\sarobase\s)\s?(?:[\p{L}0-9\-]+(?:\.|\s?(?:\(dot\)|\[dot\]|\spoint\s|\sdot\s)\s?))+[\p{L}]{2,}`)
	link    = regexp.MustCompile(`(?i)\b(?:[a-z][a-z0-9+.\-]*://|www\.)[^\s<>"]+|\b(?:[\p{L}0-9\-]+\.)+[a-z]{2,}\b(?:[/?#:][^\s<>"]*)?`)
	scheme  = regexp.MustCompile(`(?i)^(?:[a-z][a-z0-9+.\-]*://|www\.)`)

	// A number that is called so may be written in any way.
	named = regexp.MustCompile(`(?i)\b(?:tel|tél|tlf|phone|téléphone|telephone|telefon|telefono|teléfono|telefone|telefonu|telefoon|mobile|portable|handy|whatsapp|hotline|call us|appelez|rufen sie)\b[^0-9+\n]{0,20}(\+?[0-9](?:[ ./()\-]{0,2}[0-9]){6,14})`)
	// A number that is not: with +, or in the groups that countries write.
	numbers = regexp.MustCompile(`\+[0-9](?:[ ./()\-]{0,2}[0-9]){7,14}|\(?[0-9]{2,5}\)?(?:[ ./\-][0-9]{1,8})+|\b0[1-9][0-9]{8}\b`)
)

// contacts finds e-mail addresses, telephone numbers and links that lead away from the marketplace.
func (c *check) contacts() {
	text := blank(c.draft.Text, orderID.FindAllStringIndex(c.draft.Text, -1))
	text = c.links(text, scheme.MatchString) // before addresses: https://amazon.fr@evil.example is a link
	addresses := mailbox.FindAllStringIndex(text, MaxViolations)
	for _, at := range addresses {
		c.at(RuleEmail, at[0], at[1], "")
	}
	text = c.links(blank(text, addresses), isLink)
	var found [][]int
	for _, at := range named.FindAllStringSubmatchIndex(text, MaxViolations) {
		found = append(found, at[2:4])
	}
	for _, at := range numbers.FindAllStringIndex(text, -1) {
		if len(found) >= MaxViolations { // keeps the time in proportion to the text
			break
		}
		covered := slices.ContainsFunc(found, func(f []int) bool { return at[0] < f[1] && f[0] < at[1] })
		if !covered && isPhone(text, at) {
			found = append(found, at)
		}
	}
	for _, at := range found {
		c.at(RulePhone, at[0], at[1], "")
	}
}

// links finds the links of a text that lead away, and returns the text without any: a tracking number in a link is no telephone.
func (c *check) links(text string, is func(word string) bool) string {
	var all [][]int
	for _, at := range link.FindAllStringIndex(text, -1) {
		word := strings.TrimRight(text[at[0]:at[1]], `.,;:!?)]}'"`)
		if !is(word) {
			continue
		}
		all = append(all, at)
		if !c.leadsHome(word) {
			c.at(RuleLink, at[0], at[0]+len(word), "")
		}
	}
	return blank(text, all)
}

// blank replaces places of a text by spaces, so that what is left keeps its positions.
func blank(text string, places [][]int) string {
	if len(places) == 0 {
		return text
	}
	b := []byte(text)
	for _, at := range places {
		for i := at[0]; i < at[1]; i++ {
			b[i] = ' '
		}
	}
	return string(b)
}

// isLink reports whether a word is a link: it has a scheme or begins with www, or it ends in a domain that people type. A
// sentence that ends without a space ("reçu.Merci") and a file's name are none.
func isLink(word string) bool {
	if scheme.MatchString(word) {
		return true
	}
	host, _, _ := strings.Cut(word, "/")
	host, _, _ = strings.Cut(host, "?")
	host, _, _ = strings.Cut(host, ":")
	i := strings.LastIndexByte(host, '.')
	return i > 0 && slices.Contains(typed, host[i+1:]) // in lower case: a new sentence begins with a capital
}

// typed are the endings of domains that are taken for links without a scheme.
var typed = strings.Fields("com net org info biz shop store online site page link app io co eu uk us ca fr de es it nl be pl se pt at ch ie lu tv cc ly gl me ru cn")

// leadsHome reports whether a link leads to the marketplace or, unless the rules are terse, to a carrier's tracking.
func (c *check) leadsHome(word string) bool {
	host := hostOf(word)
	under := func(domain string) bool { return host == domain || strings.HasSuffix(host, "."+domain) }
	return slices.ContainsFunc(c.rules.Hosts, under) || !c.rules.Terse && slices.ContainsFunc(carriers, under)
}

// hostOf returns the host that a browser would go to, in lower case; "" for a scheme that is not of the web.
func hostOf(word string) string {
	word = strings.ToLower(strings.ReplaceAll(word, `\`, "/")) // as browsers read it
	if before, rest, ok := strings.Cut(word, "://"); ok {
		if before != "http" && before != "https" {
			return ""
		}
		word = rest
	}
	if i := strings.IndexAny(word, "/?#"); i >= 0 {
		word = word[:i]
	}
	if i := strings.LastIndexByte(word, '@'); i >= 0 { // https://amazon.fr@evil.example
		word = word[i+1:]
	}
	host, _, _ := strings.Cut(word, ":")
	return strings.TrimSuffix(host, ".")
}

// carriers are the hosts where parcels are followed, of carriers that deliver in Europe and North America.
var carriers = strings.Fields(`laposte.fr colissimo.fr chronopost.fr mondialrelay.fr mondialrelay.com colisprive.fr colisprive.com
	relaiscolis.com geodis.com dpd.com dpd.fr dpd.de dpd.co.uk dpd.nl dpd.be dpd.pl dpdgroup.com dhl.com dhl.de dhl.fr dhl.es dhl.it
	dhl.nl dhl.pl dhlparcel.nl dhlparcel.es ups.com fedex.com tnt.com gls-group.com gls-group.eu gls-pakete.de gls-italy.com gls-spain.es
	deutschepost.de myhermes.de hermesworld.com correos.es correosexpress.com seur.com mrw.es nacex.es poste.it brt.it sda.it
	postnl.nl postnl.be bpost.be bpost.cloud inpost.pl inpost.it inpost.es poczta-polska.pl orlenpaczka.pl postnord.se postnord.com bring.se
	bring.com budbee.com instabox.io ctt.pt cttexpresso.pt royalmail.com parcelforce.com evri.com yodel.co.uk anpost.com post.at post.ch
	usps.com canadapost.ca canadapost-postescanada.ca purolator.com swiship.com swiship.fr swiship.de swiship.co.uk`)

// isPhone reports whether the digits at a place are grouped as a telephone number. Dates, times, sizes, prices and tracking
// numbers are none: they begin otherwise, or have fewer or more digits.
func isPhone(text string, at []int) bool {
	if at[0] > 0 && (strings.ContainsRune("#-/.,", rune(text[at[0]-1])) || isWord(text[at[0]-1])) {
		return false
	}
	if at[1] < len(text) && isWord(text[at[1]]) {
		return false
	}
	number := text[at[0]:at[1]]
	groups := strings.FieldsFunc(number, func(r rune) bool { return !unicode.IsDigit(r) })
	digits := strings.Join(groups, "")
	switch {
	case number[0] == '+':
		return len(digits) >= 8 && len(digits) <= 15
	case strings.HasPrefix(digits, "00"): // an international prefix, then the country
		return len(groups) > 1 && len(digits) >= 10 && len(digits) <= 16
	case isDate(groups):
		return false
	case digits[0] == '0': // a trunk prefix: 06 12 34 56 78, 030 1234567, 0171/1234567
		return len(digits) >= 9 && len(digits) <= 12
	case len(groups) == 3 && len(digits) == 10: // 555-123-4567
		return len(groups[0]) == 3 && len(groups[1]) == 3
	case len(groups) >= 3 && len(digits) == 9: // 612 34 56 78, 123 456 789
		return len(groups[0]) == 3
	}
	return false
}

// isDate reports whether groups of digits begin with a date: 01/02/2026, 2026-02-01, 01.02.26.
func isDate(groups []string) bool {
	if len(groups) < 3 || len(groups[0]) > 4 {
		return false
	}
	switch {
	case len(groups[0]) == 4:
		return len(groups[1]) == 2 && len(groups[2]) >= 2
	case len(groups[2]) == 4:
		return len(groups[0]) <= 2 && len(groups[1]) <= 2
	}
	return len(groups) <= 4 && len(groups[0]) <= 2 && len(groups[1]) == 2 && len(groups[2]) == 2
}

// isWord reports whether a byte belongs to a word: digits and letters, and all that is not ASCII.
func isWord(b byte) bool {
	return b >= utf8.RuneSelf || '0' <= b && b <= '9' || 'a' <= b|0x20 && b|0x20 <= 'z'
}
