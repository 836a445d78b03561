package mailtest_test

import (
	"fmt"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail/mailtest"
	"github.com/keybuzzio/marketplaces/domain"
)

// Every mail comes with what must be read of it.
func ExampleMails() {
	reader := mail.Interpreter{AuthServer: mailtest.AuthServer}
	for _, m := range mailtest.Mails(1, 3) {
		got := reader.Interpret(domain.Source{MediaType: mail.MediaType, Bytes: m.Raw}, m.Arrived)
		fmt.Println(m.Shape, got.Kind, len(m.Diff(got)))
	}
	// Output:
	// S01 plain case, fr BUYER_MESSAGE 0
	// S01 plain case, markers of earlier years, fr BUYER_MESSAGE 0
	// S01 plain case, name with Amazon's words, fr BUYER_MESSAGE 0
}

// A conversation's mails stand together, in the order of their arrival.
func ExampleShape() {
	for _, m := range mailtest.Shape("S05", 1)[:6] {
		fmt.Println(m.Shape, m.Want.ReceivedAt.Format(time.DateOnly), m.Ticket)
	}
	// Output:
	// S05 follow-up, first, a, fr 2026-03-02 new
	// S05 follow-up, a, same thread, fr 2026-03-02 append
	// S05 follow-up, first, b, fr 2026-03-02 new
	// S05 follow-up, b, same relay after 3 days, fr 2026-03-05 append
	// S05 follow-up, first, c, fr 2026-03-02 new
	// S05 follow-up, c, same relay after 45 days, fr 2026-04-16 new
}
