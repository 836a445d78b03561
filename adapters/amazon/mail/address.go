package mail

import (
	netmail "net/mail"
	"regexp"
	"strings"

	"github.com/keybuzzio/marketplaces/domain"
)

// sender is who a mail says it is from.
type sender struct {
	name, address string // of the one author
	authors       int    // how many there are: From fields, or addresses in one
	relayed       string // address as a relay address; "" if it is none
	claim         string // the From fields as text, for spotting pretenders
}

// readSender reads the From field. Anything but one author with one address has no address.
func readSender(h header) sender {
	fields := h.all("from")
	s := sender{authors: len(fields), claim: decodeWords(strings.Join(fields, " "))}
	if len(fields) == 1 {
		s.name, s.address, s.authors = readAddress(fields[0])
		s.relayed = relayAddress(s.address)
	}
	return s
}

// readAddress reads an address field and counts its addresses. Names that break the rules (a bare comma, an address as
// the name) are common, so a single address in angle brackets at the end counts whatever stands before it.
func readAddress(value string) (name, address string, count int) {
	value = repair([]byte(cut(value, 4000)))
	parser := netmail.AddressParser{WordDecoder: wordDecoder}
	if list, err := parser.ParseList(value); err == nil {
		if len(list) != 1 {
			return "", "", len(list)
		}
		return decodeWords(list[0].Name), list[0].Address, 1
	}
	before, rest, ok := strings.Cut(value, "<")
	inner, tail, closed := strings.Cut(rest, ">")
	if !ok || !closed || strings.TrimSpace(tail) != "" {
		return "", "", strings.Count(value, "@")
	}
	return decodeWords(strings.Trim(strings.TrimSpace(before), `"`)), strings.TrimSpace(inner), 1
}

// relayDomains are the domains of Amazon's relay addresses, amazonDomains those of Amazon's own hosts.
var relayDomains, amazonDomains = amazonNames()

func amazonNames() (relays, hosts map[string]bool) {
	relays, hosts = map[string]bool{}, map[string]bool{}
	for site := range domain.AmazonSites() {
		if site.RelayDomain != "" {
			relays[site.RelayDomain] = true
			hosts[strings.TrimPrefix(site.RelayDomain, "marketplace.")] = true
		}
		if i := strings.Index(site.SellerCentral, "amazon."); i >= 0 {
			hosts[site.SellerCentral[i:]] = true
		}
	}
	return relays, hosts
}

// isAmazonHost reports whether a host is amazon.<country> or under it, label by label.
func isAmazonHost(host string) bool { return amazonHost(host) != "" }

// amazonHost returns the amazon.<country> that a host is or is under, "" if there is none.
func amazonHost(host string) string {
	host = strings.ToLower(host)
	for {
		if amazonDomains[host] {
			return host
		}
		_, parent, ok := strings.Cut(host, ".")
		if !ok {
			return ""
		}
		host = parent
	}
}

// splitAddress parts an address, the domain in lower case. Both are "" unless it is plain ASCII with one @ inside.
func splitAddress(address string) (local, host string) {
	local, host, ok := strings.Cut(address, "@")
	if !ok || local == "" || host == "" || strings.Contains(host, "@") {
		return "", ""
	}
	for i := range len(address) {
		if address[i] <= ' ' || address[i] > '~' {
			return "", ""
		}
	}
	return local, strings.ToLower(host)
}

// relayAddress returns a buyer's relay address in the form that threads compare, "" if address is none. The domain must
// be one of Amazon's relays, whole; the local part may carry a part behind a plus, which names the case.
func relayAddress(address string) string {
	local, host := splitAddress(address)
	if !relayDomains[host] || isRobot(local) || len(address) > 320 {
		return ""
	}
	return local + "@" + host
}

// separators are what robots' names are written with or without.
var separators = strings.NewReplacer("-", "", "_", "", ".", "")

// isRobot reports whether a local part is one that never stands for a person.
func isRobot(local string) bool {
	local = strings.ToLower(separators.Replace(local))
	for _, robot := range []string{"noreply", "donotreply", "mailerdaemon", "postmaster", "autocommunication"} {
		if strings.HasPrefix(local, robot) {
			return true
		}
	}
	return false
}

// looksLikeRelay reports whether a text that is no relay address would pass for one: it names Amazon's marketplace as a
// mail domain does.
func looksLikeRelay(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "marketplace.amazon.") || strings.Contains(text, "marketplace-amazon.") ||
		strings.Contains(text, "amazon-marketplace.")
}

// marketplaceSuffix is what Amazon adds to buyers' names: "- Amazon Marketplace", "- Marketplace d'Amazon.fr".
var marketplaceSuffix = regexp.MustCompile(`(?i)\s+[-–—]\s+(amazon marketplace|marketplace (d['’])?amazon(\.[a-z.]{2,6})?)$`)

// buyerName cleans a display name: without Amazon's suffix, and empty if it is but an address.
func buyerName(name string) string {
	name = cleanLine(unmangle(name))
	name = strings.TrimSpace(marketplaceSuffix.ReplaceAllString(name, ""))
	if strings.Contains(name, "@marketplace.amazon.") {
		return ""
	}
	return name
}
