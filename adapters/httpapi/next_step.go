package httpapi

import (
	"strconv"

	"github.com/keybuzzio/marketplaces/domain"
)

// nextSteps says what each step means.
var nextSteps = map[domain.Step]sentence{
	domain.StepConnect: {
		"Connect {marketplace} to bring your buyers' messages here.",
		"Connectez {marketplace} pour recevoir ici les messages de vos acheteurs.",
	},
	domain.StepAuthorize: {
		"Authorize us at {marketplace}, so that every message is shown with its order.",
		"Autorisez-nous chez {marketplace} pour voir chaque message avec sa commande.",
	},
	domain.StepReauthorize: {
		"Authorize us at {marketplace} again: the authorization for {region} was withdrawn or has ended. Messages still arrive, their orders do not.",
		"Autorisez-nous de nouveau chez {marketplace} : l'autorisation pour {region} a été retirée ou a pris fin. Les messages arrivent encore, leurs commandes non.",
	},
	domain.StepMendMailbox: {
		"Give us your mailbox again: it does not let us in any more, and no message arrives until you do.",
		"Indiquez de nouveau votre boîte de messagerie : elle ne nous laisse plus entrer, et aucun message n'arrive d'ici là.",
	},
	domain.StepMendSource: {
		"Connect your messages again: their source refuses us. The last error says why.",
		"Reconnectez vos messages : leur source nous refuse. La dernière erreur dit pourquoi.",
	},
	domain.StepSendMail: {
		"In Seller Central for {country}, have your buyers' messages sent to {address}.",
		"Dans le Seller Central de votre pays ({country}), faites envoyer les messages de vos acheteurs à {address}.",
	},
	domain.StepSetMailbox: {
		"Say where your buyers' messages arrive: give us a mailbox, or ask for an address that they can be sent to.",
		"Dites où arrivent les messages de vos acheteurs : donnez-nous une boîte de messagerie, ou demandez une adresse où les faire envoyer.",
	},
	domain.StepRenew: {
		"Authorize us at {marketplace} again {within}: the authorization for {region} ends then.",
		"Autorisez-nous de nouveau chez {marketplace} {within} : l'autorisation pour {region} prend fin à ce moment.",
	},
	domain.StepNothing: {
		"Nothing to do: new messages become tickets by themselves.",
		"Rien à faire : les nouveaux messages deviennent des tickets d'eux-mêmes.",
	},
}

// regionNames are what Amazon's regions are to people.
var regionNames = map[string]sentence{
	"NA": {"North America", "l'Amérique du Nord"},
	"EU": {"Europe", "l'Europe"},
	"FE": {"the Far East", "l'Extrême-Orient"},
}

// within says until when: today, or in so many days.
func within(days int, t tongue) string {
	switch days {
	case 0:
		return sentence{"today", "aujourd'hui"}.in(t)
	case 1:
		return sentence{"within a day", "d'ici un jour"}.in(t)
	}
	return sentence{"within {days} days", "d'ici {days} jours"}.in(t, "days", strconv.Itoa(days))
}

// tellStep tells a seller what to do next.
func tellStep(m domain.MarketplaceType, n domain.NextStep, t tongue) string {
	region := n.Region
	if name, ok := regionNames[n.Region]; ok {
		region = name.in(t)
	}
	return nextSteps[n.Step].in(t, "marketplace", m.Title(), "region", region, "country", n.Country, "address", n.Address,
		"within", within(n.Days, t))
}
