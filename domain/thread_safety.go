package domain

import "github.com/keybuzzio/marketplaces/domain/safety"

// flagMessage flags what a buyer wrote. The positions of the flags count in the text that is made of subject, body and, where
// there is any, quoted text and names of files, with a line feed behind each. What is quoted asks for a review at most.
func flagMessage(m InboundMessage) []safety.Flag { return flagTexts(m.Subject+"\n"+m.Body, m) }

// flagEvent flags what an event of an order says: that a claim or a chargeback is there, and the buyer's words in it, such as
// the comment of a return. The subject is the marketplace's. Positions count as in flagMessage, without the subject. nil
// for messages of other kinds.
func flagEvent(m InboundMessage) []safety.Flag {
	e, ok := orderEvents[m.kind()]
	if !ok {
		return nil
	}
	flags := flagTexts(m.Body, m)
	if e.blocks == "" {
		return flags
	}
	return safety.Merge([]safety.Flag{{Category: e.blocks, Term: e.term, Action: safety.Block}}, flags)
}

// flagTexts flags a text, and behind it what else m holds of the buyer's.
func flagTexts(text string, m InboundMessage) []safety.Flag {
	flags := safety.FlagText(text)
	if m.Quoted == "" && len(m.Files) == 0 {
		return flags
	}
	at := len(text) + 1
	more := func(text string, quoted bool) {
		found := safety.FlagText(text)
		for i := range found {
			found[i].Start, found[i].End = found[i].Start+at, found[i].End+at
			if quoted {
				found[i].Action = safety.Review
			}
		}
		flags = safety.Merge(flags, found)
		at += len(text) + 1
	}
	if m.Quoted != "" {
		more(m.Quoted, true)
	}
	for _, f := range m.Files {
		more(firstOf(f.OriginalName, f.Name), false)
	}
	return flags
}
