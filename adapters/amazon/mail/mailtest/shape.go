package mailtest

import (
	"slices"
	"strconv"
)

// shape is one way a mail can look.
type shape struct {
	name, title string
	only        []string // labels of the frames that it makes sense in; nil: all
	mails       func(m *maker) []Mail
	more        func(m *maker) []Mail // those that only Shape gives
}

// shapes are all shapes in a fixed order.
var shapes = slices.Concat(buyerShapes, charsetShapes, fileShapes, brokenShapes, identityShapes, answerShapes, noticeShapes,
	hostileShapes, timeShapes)

// frames returns the frames that the shape makes sense in.
func (s shape) frames() []frame {
	if s.only == nil {
		return frames
	}
	var some []frame
	for _, f := range frames {
		if slices.Contains(s.only, f.label) {
			some = append(some, f)
		}
	}
	return some
}

// run writes mails and completes their names and keys. part tells those of the shape's one function from the other's.
func (s shape) run(m *maker, part string, write func(*maker) []Mail) []Mail {
	if write == nil {
		return nil
	}
	mails := write(m)
	for i := range mails {
		k := &mails[i]
		if k.Key == "" {
			k.Key = strconv.Itoa(i)
		}
		k.Key = m.serial + part + k.Key
		if k.Conversation != "" {
			k.Conversation = m.serial + part + k.Conversation
		}
		title := s.name + " " + s.title
		if k.Shape != "" {
			title += ", " + k.Shape
		}
		k.Shape = title + ", " + m.frame.label
	}
	return mails
}
