package mail

import "strings"

// Amazon's own words around the buyer's text, for mails that have lost their markers. Folded as foldWords does.
var (
	greetings = set("vous avez reu un message", "ha recibido un mensaje", "recibiste un mensaje",
		"hai ricevuto un messaggio", "voc recebeu uma mensagem", "you have received a message")
	footerLabels = []string{
		"cet email atil t utile", "rsoudre le cas", "signaler une activit suspecte", "droits dauteur",
		"ver mensaje", "resolver caso", "informar de actividad sospechosa", "derechos de autor",
		"questa email stata utile", "risolvi caso", "segnala attivit sospetta", "nota informativa",
		"este email foi til", "solucionar o caso", "denunciar atividade questionvel", "direitos autorais",
		"wichtiger hinweis", "for your information", "to mark this message as no response needed", "copyright",
		"was this email helpful", "resolve case", "report suspicious activity",
	}
	// footerSigns are parts of links and of the stamp that every delivery carries.
	footerSigns = []string{
		"/messaging/no-response-needed", "/gp/satisfaction/survey-form", "/gp/communication-manager/", "bsm_email_report",
		"/notifications/feedback?", "/nms/sellermobile/redirect?",
		"SPC-EUAmazon-", "SPC-USAmazon-", "SPC-FEAmazon-", "[commMgrTok:",
	}
)

// headEnd returns where the greeting, the order line and the item line that begin a mail end; 0 if it begins otherwise.
func headEnd(text string) int {
	end, pos, seen := 0, 0, 0
	for line := range strings.Lines(text) {
		pos += len(line)
		trimmed := strings.TrimSpace(line)
		if trimmed == "" {
			if end == pos-len(line) {
				end = pos
			}
			continue
		}
		if seen++; seen > 4 {
			break
		}
		if greetings[foldWords(strings.TrimRight(trimmed, ".! "))] || isOrderLine(trimmed) || strings.Contains(trimmed, "[ASIN:") {
			end = pos
		}
	}
	return end
}

// isOrderLine reports whether a line is "# <order id>:".
func isOrderLine(line string) bool {
	rest, ok := strings.CutPrefix(line, "#")
	return ok && len(rest) < 40 && findOrder(rest) != ""
}

// footerStart returns where Amazon's footer begins, len(text) if there is none.
func footerStart(text string) int {
	pos := 0
	for line := range strings.Lines(text) {
		if isFooterLine(line) {
			return pos
		}
		pos += len(line)
	}
	return len(text)
}

// isFooter reports whether text is Amazon's footer, from its beginning on.
func isFooter(text string) bool {
	start := footerStart(text)
	return start < len(text) && strings.TrimSpace(text[:start]) == ""
}

func isFooterLine(line string) bool {
	for _, sign := range footerSigns {
		if strings.Contains(line, sign) {
			return true
		}
	}
	if len(line) > 400 {
		return false
	}
	folded := foldWords(line)
	for _, label := range footerLabels {
		if strings.HasPrefix(folded, label) {
			return true
		}
	}
	return false
}
