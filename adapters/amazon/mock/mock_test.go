package mock_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/mock"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/domain/safety"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

type stoppedClock struct{ now time.Time }

func (c stoppedClock) Now() time.Time { return c.now }

var clock = stoppedClock{time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}

var connection = domain.ConnectionState{Type: domain.Amazon, Source: domain.SourceMock}

func read(t *testing.T, c *mock.Client, cursor string) (messages []domain.InboundMessage, pages int, next string) {
	t.Helper()
	for page, err := range c.Pages(t.Context(), connection, cursor) {
		if err != nil {
			t.Fatal(err)
		}
		messages, pages, cursor = append(messages, page.Messages...), pages+1, page.Next
	}
	return messages, pages, cursor
}

func TestDemo(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	c := mock.NewClient(clock, mock.Options{})
	got, pages, cursor := read(t, c, "")
	is.Equal(pages, 2)
	is.Equal(len(got), 3)
	for i, want := range []struct {
		id, thread, order, language, subject, name string
		ago                                        time.Duration
		reason                                     string
	}{
		{"amzn-msg-001", "thread-001", "123-4567890-1234567", "fr", "Où est ma commande ?", "Jean Dupont", time.Hour, ""},
		{"amzn-msg-002", "thread-002", "123-9876543-7654321", "es", "Producto defectuoso", "María García", 2 * time.Hour, "sensitive_keyword_detected: a-to-z"},
		{"amzn-msg-003", "thread-003", "123-1111111-9999999", "en", "Wrong item received", "John Smith", 3 * time.Hour, ""},
	} {
		m := got[i]
		is.Equal([]string{m.ExternalID, m.ThreadID, m.OrderID, m.Language, m.Subject, m.BuyerName},
			[]string{want.id, want.thread, want.order, want.language, want.subject, want.name})
		is.Equal(m.ReceivedAt, clock.now.Add(-want.ago))
		is.Equal(domain.BlockedReason(safety.FlagText(m.Subject+"\n"+m.Body)), want.reason)
		is.True(json.Valid(m.Source.Bytes))
		is.True(strings.Contains(string(m.Source.Bytes), want.order))
	}
	is.Equal(len(safety.FlagText(got[0].Subject+"\n"+got[0].Body)), 0) // a polite question is not even flagged
	is.Equal(len(domain.Screen(connection, got).Accepted), 3)

	none, pages, _ := read(t, c, cursor)
	is.Equal(len(none)+pages, 0)
	c.Redeliver(true)
	again, _, _ := read(t, c, cursor)
	is.Equal(again, got) // the very same messages
}

func TestConformance(t *testing.T) {
	t.Parallel()
	porttest.TestMarketplaceClient(t, func(t *testing.T) porttest.MarketplaceFixture {
		c := mock.NewClient(clock, mock.Options{Empty: true})
		var n atomic.Int64
		message := func() domain.InboundMessage {
			id := fmt.Sprint("message-", n.Add(1))
			return domain.InboundMessage{ExternalID: id, Body: "hello", ReceivedAt: clock.now, Source: domain.Source{MediaType: "text/plain", Bytes: []byte(id)}}
		}
		return porttest.MarketplaceFixture{
			Client: c, Connection: connection,
			Deliver: func(_ *testing.T, n int) []string {
				ids := make([]string, n)
				for i := range ids {
					m := message()
					ids[i] = m.ExternalID
					c.Deliver(m)
				}
				return ids
			},
			DeliverUnreadable: func(*testing.T) []byte {
				m := message()
				m.Unreadable = "as it was told"
				c.Deliver(m)
				return m.Source.Bytes
			},
			Refuse:   func(*testing.T) { c.Fail(domain.Errorf(domain.ErrRejected, "as it was told")) },
			Fail:     func(*testing.T) { c.Fail(domain.Errorf(domain.ErrUnavailable, "as it was told")) },
			Cut:      func(*testing.T) { c.CutAfter(2) },
			Renumber: func(*testing.T) { c.Renumber() },
		}
	})
}
