package amazon

import "github.com/keybuzzio/marketplaces/domain/content"

// The sources of Amazon's rules, as violations name them.
const (
	guidelines     = "Amazon: communication guidelines for sellers"
	messagingRules = "Amazon: SP-API Messaging v1"
)

// maxFileBytes is what the files of one message may have together.
const maxFileBytes = 10 << 20

// maxAPIFiles is how many files a message of the SP-API carries.
const maxAPIFiles = 5

// hosts are Amazon's own, which links may lead to.
var hosts = []string{
	"amazon.ae", "amazon.ca", "amazon.cn", "amazon.co.jp", "amazon.co.uk", "amazon.co.za", "amazon.com", "amazon.com.au", "amazon.com.be",
	"amazon.com.br", "amazon.com.mx", "amazon.com.tr", "amazon.de", "amazon.eg", "amazon.es", "amazon.fr", "amazon.ie", "amazon.in",
	"amazon.it", "amazon.nl", "amazon.pl", "amazon.sa", "amazon.se", "amazon.sg",
}

// ReplyRules returns what an answer by mail to a buyer of Amazon may hold.
func ReplyRules() content.RuleSet {
	return content.RuleSet{Name: "Amazon", Source: guidelines, MaxBytes: maxFileBytes, Hosts: hosts}
}

// MessageRules returns what a message of a type that SP-API Messaging permits may hold, by the type's name in its path, such
// as confirmOrderDetails. ok is false for a type that is not known here.
func MessageRules(messageType string) (rules content.RuleSet, ok bool) {
	text := func(most, files int) content.RuleSet {
		r := content.RuleSet{MinChars: 1, MaxChars: most, Terse: true, Hosts: hosts}
		if files > 0 {
			r.MaxFiles, r.MaxBytes = files, maxFileBytes
		}
		return r
	}
	filesOnly := func(least int) content.RuleSet {
		return content.RuleSet{NoText: true, MinFiles: least, MaxFiles: maxAPIFiles, MaxBytes: maxFileBytes}
	}
	switch messageType {
	case "confirmOrderDetails", "confirmDeliveryDetails", "confirmServiceDetails", "unexpectedProblem":
		rules = text(2000, 0)
	case "confirmCustomizationDetails":
		rules = text(800, maxAPIFiles)
	case "digitalAccessKey":
		rules = text(400, maxAPIFiles)
	case "legalDisclosure":
		rules = filesOnly(0)
	case "warranty", "invoice":
		rules = filesOnly(1)
	default:
		return content.RuleSet{}, false
	}
	rules.Name, rules.Source = messageType, messagingRules
	return rules, true
}
