package httpapi

import (
	"strconv"
	"strings"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// What a seller is told to do once a connection is begun. Names of what is to be seen in Seller Central are those of its English pages.
var (
	toAuthorize = sentence{
		"Open authorizationUrl in this browser within 10 minutes: there the seller authorizes us at {marketplace}, and comes back here.",
		"Ouvrez authorizationUrl dans ce navigateur d'ici 10 minutes : le vendeur nous y autorise chez {marketplace}, puis revient ici.",
	}
	toGiveMailbox = sentence{
		"Give us a mailbox that we may read: PUT {mailbox}.",
		"Donnez-nous une boîte de messagerie que nous pouvons lire : PUT {mailbox}.",
	}
	toFillMailbox = sentence{
		"In Seller Central, open Settings > Notification Preferences > Messaging > Buyer Messages and have them sent to that mailbox's address.",
		"Dans Seller Central, ouvrez Settings > Notification Preferences > Messaging > Buyer Messages et faites-les envoyer à l'adresse de cette boîte.",
	}
	toSend = sentence{
		"In {where}, open Settings > Notification Preferences and have these sent to {address}: under Messaging, Buyer Messages, Confirmation " +
			"Notifications, Delivery Failures and Buyer Opt-out; under Returns and Claims, Pending Returns, Claims and Refunds. A box that is not " +
			"ticked stops its notices without a word.",
		"Dans {where}, ouvrez Settings > Notification Preferences et faites envoyer à {address} : sous Messaging, Buyer Messages, Confirmation " +
			"Notifications, Delivery Failures et Buyer Opt-out ; sous Returns and Claims, Pending Returns, Claims et Refunds. Une case qui n'est pas " +
			"cochée arrête ses avis sans rien dire.",
	}
	toApprove = sentence{
		"Add the same address in Messaging Permissions as an approved sender, or Amazon drops your answers.",
		"Ajoutez la même adresse dans Messaging Permissions comme expéditeur approuvé, sinon Amazon jette vos réponses.",
	}
	toRepeat = sentence{
		"Each country that you sell in has settings of its own: ask for an address for each and do the same there.",
		"Chaque pays où vous vendez a ses propres réglages : demandez une adresse pour chacun et faites-y de même.",
	}
	isConnected = sentence{
		"Nothing to do: {marketplace} is connected, and new messages become tickets by themselves.",
		"Rien à faire : {marketplace} est connecté, et les nouveaux messages deviennent des tickets d'eux-mêmes.",
	}
	hasNoSource = sentence{
		"Nothing to do yet: {marketplace} has no source of messages on this server.",
		"Rien à faire pour l'instant : {marketplace} n'a pas de source de messages sur ce serveur.",
	}
)

// instructions tells a seller what to do next.
func instructions(c app.ConnectResult, t tongue) string {
	var steps []string
	if c.AuthorizationURL != "" {
		steps = append(steps, toAuthorize.in(t, "marketplace", c.Type.Title()))
	}
	switch {
	case c.Address != nil:
		steps = append(steps, addressSteps(*c.Address, t)...)
	case c.Receiving() && c.Source != "":
		if len(steps) == 0 {
			return isConnected.in(t, "marketplace", c.Type.Title())
		}
	case c.Type == domain.Amazon:
		steps = append(steps, toGiveMailbox.in(t, "mailbox", apiBase+"/marketplaces/amazon/mailbox"), toFillMailbox.in(t))
	case len(steps) == 0:
		return hasNoSource.in(t, "marketplace", c.Type.Title())
	}
	return numbered(steps)
}

// addressSteps are what to set in Seller Central, so that mail comes by an address and answers are let through.
func addressSteps(a domain.InboundAddressState, t tongue) []string {
	where := "Seller Central"
	if site, err := domain.SiteOf(a.Type, a.Country); err == nil {
		where += " (https://" + site.SellerCentral + "/notifications/preferences)"
	}
	return []string{toSend.in(t, "where", where, "address", a.Address), toApprove.in(t), toRepeat.in(t)}
}

func numbered(steps []string) string {
	if len(steps) == 1 {
		return steps[0]
	}
	var all strings.Builder
	for i, step := range steps {
		if i > 0 {
			all.WriteByte(' ')
		}
		all.WriteString(strconv.Itoa(i+1) + ". " + step)
	}
	return all.String()
}
