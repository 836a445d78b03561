package amazon_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mail"
	"github.com/keybuzzio/marketplaces/adapters/amazon/mock"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

func TestInterpreterGoesByTheMediaType(t *testing.T) {
	t.Parallel()
	i := amazon.NewInterpreter(map[string]ports.Interpreter{mail.MediaType: mail.Interpreter{}, mock.MediaType: mock.Interpreter{}})
	at := time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		mediaType, raw string
		readable       bool
	}{
		"a mail":                    {"message/rfc822", "Subject: hello\r\n\r\nHello", true},
		"the beginning of a mail":   {"message/rfc822; partial=true", "Subject: hello\r\n\r\nHel", false},
		"no mail":                   {"message/rfc822", "\x00\xff", false},
		"the mock":                  {"application/json", `{"id":"1","body":"Hello"}`, true},
		"JSON that is not the mock": {"application/json", `{"a":[`, false},
		"another type":              {"text/html", "Subject: hello\r\n\r\nHello", false},
		"no type":                   {"", `["quoted"]`, false},
		"a hostile type":            {"; \x00=\xff;;", "Subject: hello\r\n\r\nHello", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			raw := domain.Source{MediaType: test.mediaType, Bytes: []byte(test.raw)}
			m := i.Interpret(raw, at)
			is.Equal(m.Unreadable == "", test.readable)
			is.Equal(m.Source, raw)
		})
	}
}

func TestInterpreterReadsTheDemoAsItCame(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c := domain.ConnectionState{Type: domain.Amazon, Source: domain.SourceMock}
	n := 0
	for page, err := range mock.NewClient(ports.SystemClock{}, mock.Options{}).Pages(t.Context(), c, "") {
		is.NoErr(err)
		for _, live := range page.Messages {
			again := mock.Interpreter{}.Interpret(live.Source, time.Time{})
			is.True(again.ReceivedAt.Equal(live.ReceivedAt))
			again.ReceivedAt = live.ReceivedAt
			is.Equal(again, live)
			n++
		}
	}
	is.Equal(n, 3)
}
