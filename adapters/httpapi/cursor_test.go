package httpapi_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
	"github.com/keybuzzio/marketplaces/ports"
)

func TestACursorGivesItsPositionBack(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for _, at := range []time.Time{
		noon, {}, time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.UTC), time.Unix(0, 0).UTC(), time.Date(1969, 7, 20, 20, 17, 40, 1000, time.UTC),
	} {
		p := ports.Position{At: at, ID: uuid.NewString()}
		text := httpapi.WriteCursor(p)
		back, err := httpapi.ReadCursor(*text)
		is.NoErr(err)
		is.True(back.At.Equal(at))
		is.Equal(back.ID, p.ID)
	}
	is.Equal(httpapi.WriteCursor(ports.Position{}), nil) // the end of a list
	begin, err := httpapi.ReadCursor("")
	is.NoErr(err)
	is.Equal(begin, ports.Position{})
}

// FuzzCursor: whatever is read without complaint is what would be written for it, so that there is one cursor for a place.
func FuzzCursor(f *testing.F) {
	f.Add(*httpapi.WriteCursor(ports.Position{At: noon, ID: uuid.NewString()}))
	f.Add("")
	f.Add("AXQ")
	f.Add("AXR_________-AAAAAAAAAAAAAAAAAAAAAAAAAA=")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := httpapi.ReadCursor(text)
		if err != nil || text == "" {
			return
		}
		if again := httpapi.WriteCursor(p); again == nil || *again != text {
			t.Fatalf("%q reads as %v", text, p)
		}
		if y := p.At.Year(); y < 1 || y > 9999 {
			t.Fatalf("%q is in the year %d", text, y)
		}
	})
}
