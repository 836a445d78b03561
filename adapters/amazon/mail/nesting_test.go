package mail

import (
	"io"
	"net"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/matryer/is"
)

// said is a connection whose other side says a text.
type said struct {
	net.Conn
	io.Reader
}

func (s said) Read(b []byte) (int, error) { return s.Reader.Read(b) }

// hear reads what a server says to its end.
func hear(r io.Reader) (heard string, err error) {
	var refused error
	c := &nestingConn{Conn: said{Reader: r}, refuse: func(err error) { refused = err }}
	b, err := io.ReadAll(c)
	if err == nil {
		err = refused
	}
	return string(b), err
}

func TestNestingIsBounded(t *testing.T) {
	t.Parallel()
	open := func(n int) string { return strings.Repeat("(", n) }
	for name, c := range map[string]struct {
		said string
		want error
	}{
		"an ordinary mail":                    {"* 1 FETCH (UID 1 BODYSTRUCTURE ((\"text\" \"plain\" NIL) \"mixed\"))\r\n", nil},
		"thirty parts within parts":           {"* 1 FETCH (BODYSTRUCTURE " + open(30) + strings.Repeat(")", 30) + ")\r\n", nil},
		"as deep as may be":                   {open(maxNesting) + "\r\n", nil},
		"one too deep":                        {open(maxNesting + 1), errTooDeep},
		"deep, with words between":            {strings.Repeat("(a ", maxNesting+1), errTooDeep},
		"many lists in a row":                 {strings.Repeat("(a) ", 100_000) + "\r\n", nil},
		"in a quoted string":                  {`* 1 FETCH (ENVELOPE ("` + open(5000) + `\"` + open(5000) + "\"))\r\n", nil},
		"behind a quoted string":              {`* 1 FETCH ("x\\"` + open(maxNesting+1), errTooDeep},
		"behind a quotation mark in a text":   {"* OK it's \"odd\r\n* 1 FETCH " + open(maxNesting+1), errTooDeep},
		"a mail of parentheses":               {"* 1 FETCH (BODY[] {9000}\r\n" + open(9000) + ")\r\n", nil},
		"a mail that opens quotations":        {"* 1 FETCH (BODY[] {3}\r\na\"b UID 7)\r\n* 2 FETCH " + open(maxNesting+1), errTooDeep},
		"behind a literal":                    {"* 1 FETCH (BODY[] {3+}\r\nabc " + open(maxNesting+1), errTooDeep},
		"in what only claims to be a literal": {"* OK hello {99999999}\r\n" + open(maxLiteralNesting+1), errTooDeep},
		"braces that announce nothing":        {"* OK {12\r\n* OK {}\r\n* OK {1}2\r\n" + open(maxNesting+1), errTooDeep},
		"a size beyond all numbers":           {"* OK {" + strings.Repeat("9", 100) + "}\r\n" + open(maxLiteralNesting+1), errTooDeep},
		"an empty literal":                    {"* LIST () NIL {0}\r\n" + open(maxNesting+1), errTooDeep},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			heard, err := hear(strings.NewReader(c.said))
			is.Equal(err, c.want)
			if err == nil {
				is.Equal(heard, c.said)
			}
			_, err = hear(iotest.OneByteReader(strings.NewReader(c.said)))
			is.Equal(err, c.want) // wherever the network cuts it
		})
	}
}

func FuzzNesting(f *testing.F) {
	for _, s := range []string{"((\"\\\"(\")", "{3}\r\nabc(", "{9}\n(((", "\"\r\n(", "{1+}\r\n{2}\r\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		heard, err := hear(strings.NewReader(s))
		if err == nil && heard != s {
			t.Fatalf("heard %q of %q", heard, s)
		}
		if err == nil && strings.Contains(s, strings.Repeat("(", maxLiteralNesting+1)) && !strings.Contains(s, `"`) {
			t.Fatal("too deep, and not refused")
		}
	})
}
