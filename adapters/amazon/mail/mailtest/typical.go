package mailtest

import (
	"time"
)

// Typical returns n mails as buyers write them every day, one for each message, each in a conversation of its own. Of 20
// there are 14 plain ones, 3 that name no order, one that quotes an answer, one in HTML only and one with a photo of 20 kB,
// in all languages. The same seed gives the same mails, and more of them begin with the same.
func Typical(seed uint64, n int) []Mail {
	mails := make([]Mail, 0, n)
	for i := range n {
		m := newMaker(seed, 1<<62|uint64(i), frames[i%len(frames)], start.Add(time.Duration(i)*time.Second))
		k := m.everyday(i % 20)
		k.Shape = "typical, " + k.Shape + m.frame.label
		k.Key = m.serial
		k.Conversation = m.serial
		mails = append(mails, k)
	}
	return mails
}

func (m *maker) everyday(kind int) Mail {
	l := m.newLetter()
	b := m.newBody(m.text())
	switch kind {
	case 3, 9, 15:
		b.order, b.item = "", ""
		l.subject, l.content = encodeSubject(m.name), m.alternative(b)
		want := m.want(b)
		want.OrderID, want.Subject = "", m.name
		return l.mail("no order, ", want)
	case 6:
		words, quoted := b.text, m.frame.wrote+"\n> Hello,\n>\n> your parcel is on its way."
		b.text = words + "\n\n" + quoted
		l.content = m.alternative(b)
		want := m.want(b)
		want.Body, want.Quoted = words, quoted
		return l.mail("answer, ", want)
	case 12:
		l.content = part(utf8HTML, "base64", b.html())
		return l.mail("HTML, ", m.want(b))
	case 18:
		picture := m.jpeg(20_000)
		l.content = m.multi("mixed", m.alternative(b), attachment("Content-Type: image/jpeg\r\nContent-Disposition: attachment; filename=photo.jpg\r\n", picture))
		return l.mail("photo, ", with(m.want(b), file("photo.jpg", "photo.jpg", "image/jpeg", "image/jpeg", picture)))
	}
	l.content = m.alternative(b)
	return l.mail("", m.want(b))
}
