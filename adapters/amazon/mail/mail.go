// Package mail is the inbound side of Amazon: buyers' messages as they arrive by e-mail in a seller's mailbox.
//
// [Client] reads the mailbox over IMAP without changing it, and [Interpreter] turns one mail into a message: its kind, the
// buyer behind the relay address, the order, Amazon's own ids of the message and its thread, the words that the buyer
// wrote, and the files. It is pure, so a message can be derived from its raw mail again at any time: begin at parse.go.
//
// What a mail of Amazon looks like is nowhere documented by Amazon. The tables of this package (markers.go, kind.go,
// subject.go, links.go, notice.go) hold what has been seen in real mails up to October 2026; each has a rule for what has
// not been seen.
package mail
