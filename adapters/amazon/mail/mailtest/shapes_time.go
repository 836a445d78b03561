package mailtest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keybuzzio/marketplaces/domain"
)

// timeShapes are mails of odd times and far places.
var timeShapes = []shape{{name: "S25", title: "times and places", mails: timesAndPlaces, more: imported}}

func timesAndPlaces(m *maker) []Mail {
	var mails []Mail
	for _, v := range []struct{ variant, date string }{
		{"a, no date", ""},
		{"b, 2099", "Fri, 02 Jan 2099 10:00:00 +0000"},
		{"c, long comment", m.at.Format(time.RFC1123Z) + " (" + strings.Repeat("x", 181) + ")"},
		{"no such day", "Tomorrow, 99 Foo"},
	} {
		o := m.other()
		b := o.newBody(o.text())
		l := o.newLetter()
		l.date, l.content = v.date, o.alternative(b)
		k := l.mail(v.variant, o.want(b)).flagged(domain.FlagDateReplaced)
		k.Want.ReceivedAt = k.Arrived
		mails = append(mails, k)
	}
	if slices.Contains([]string{"en-US", "ca", "ja", "pl", "sv", "ar"}, m.frame.label) {
		o := m.other()
		text := o.text()
		if o.frame.label == "ar" {
			text = "\u202b" + text + "\u202c"
		}
		b := o.newBody(text)
		l := o.newLetter()
		l.content = o.alternative(b)
		mails = append(mails, l.mail("d to h", o.want(b)))
	}
	return mails
}

// imported are 500 mails of a year ago that come in an hour.
func imported(m *maker) []Mail {
	var mails []Mail
	if m.frame.label != "fr" {
		return nil
	}
	for i := range 500 {
		o := m.other().later(-400*24*time.Hour + time.Duration(i)*time.Hour)
		k := o.first("i, imported " + strconv.Itoa(i))
		k.History, k.Arrived = true, m.at.Add(time.Duration(i)*7*time.Second)
		mails = append(mails, k)
	}
	return mails
}
