package mail

import (
	"regexp"
	"strconv"
	"strings"
)

// currencies are the signs and codes that stand beside amounts, in upper case, and their ISO 4217 codes. A bare dollar
// sign is that of several countries, so its code is not known.
var currencies = map[string]string{
	"€": "EUR", "£": "GBP", "US$": "USD", "CA$": "CAD", "C$": "CAD", "MX$": "MXN", "R$": "BRL", "A$": "AUD", "AU$": "AUD", "S$": "SGD",
	"$": "", "ZŁ": "PLN", "KR": "SEK", "₹": "INR", "¥": "JPY", "￥": "JPY", "₺": "TRY", "TL": "TRY",
	"EUR": "EUR", "GBP": "GBP", "USD": "USD", "CAD": "CAD", "MXN": "MXN", "BRL": "BRL", "AUD": "AUD", "SGD": "SGD", "PLN": "PLN",
	"SEK": "SEK", "INR": "INR", "JPY": "JPY", "TRY": "TRY", "AED": "AED", "SAR": "SAR", "EGP": "EGP", "ZAR": "ZAR",
}

// money is a number with a currency before or behind it. Groups of three digits may be parted by a point, a comma, an
// apostrophe or a blank, the decimals by a point or a comma.
var money = regexp.MustCompile(`(?i)(?:^|[^\w.,-])(` + currencyPattern + `)?[ \x{a0}\x{202f}]?` +
	`(\d{1,3}(?:[.,' \x{a0}\x{202f}]\d{3})+(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?)` +
	`[ \x{a0}\x{202f}]?(` + currencyPattern + `)?(?:[^\w]|$)`)

const currencyPattern = `(?:US|CA|MX|AU|R|A|C|S)?\$|[€£₹¥￥₺]|ZŁ|KR|TL|EUR|GBP|USD|CAD|MXN|BRL|AUD|SGD|PLN|SEK|INR|JPY|TRY|AED|SAR|EGP|ZAR`

// findAmount returns the first amount of money in text, in hundredths, and its currency, "" when that is not known.
func findAmount(text string) (cents, currency string) {
	for _, m := range money.FindAllStringSubmatch(text, 50) {
		sign := m[1] + m[3]
		if m[1] != "" {
			sign = m[1]
		}
		if sign == "" {
			continue
		}
		if cents, ok := hundredths(m[2]); ok {
			return cents, currencies[strings.ToUpper(sign)]
		}
	}
	return "", ""
}

// hundredths reads a number as hundredths. What stands before its last one or two digits parts the decimals.
func hundredths(number string) (string, bool) {
	whole, decimals := number, "00"
	if i := strings.LastIndexAny(number, ".,"); i >= 0 && len(number)-i <= 3 {
		whole, decimals = number[:i], (number[i+1:] + "0")[:2]
	}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, whole)
	n, err := strconv.ParseInt(digits+decimals, 10, 64)
	return strconv.FormatInt(n, 10), err == nil
}
