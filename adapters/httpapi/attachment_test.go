package httpapi_test

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

// file is a file of a message with this content.
func file(number int, name, mediaType, content string) domain.File {
	return domain.File{
		Number: number, Name: name, OriginalName: name, DeclaredType: "x/declared", Type: mediaType, Size: int64(len(content)),
		Digest: domain.DigestOf([]byte(content)),
	}
}

// withFiles is a stage with one ticket, whose message has these files. Their content is content.
func withFiles(t testing.TB, content string, files ...domain.File) (s *stage, rows []map[string]any) {
	t.Helper()
	m := message(1, "a")
	m.Files, m.FullText, m.Quoted = files, "Hello,\r\n"+m.Body+"\nfooter", "> before"
	s = newStage(t)
	s.source.messages, s.source.today[string(m.Source.Bytes)] = []domain.InboundMessage{m}, m
	for _, f := range files {
		s.source.files[f.OriginalName] = []byte(content)
	}
	s.post(t, mock)
	for _, row := range s.messages(t)[0]["attachments"].([]any) {
		rows = append(rows, row.(map[string]any))
	}
	return s, rows
}

// messages returns the messages of the tenant's latest ticket.
func (s *stage) messages(t testing.TB) []map[string]any {
	t.Helper()
	id := s.get(t, "/api/v1/tickets").data()[0]["id"].(string)
	return s.get(t, "/api/v1/tickets/"+id+"/messages").data()
}

func TestAMessageShowsItsFiles(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	big := file(1, "big.zip", "application/zip", "x")
	big.Flags = []domain.FileFlag{domain.FileMismatch, domain.FileNotRead}
	photo := file(0, "photo.jpg", "image/jpeg", "x")
	photo.Inline = true
	s, rows := withFiles(t, "x", photo, big)
	is.Equal(len(rows), 2)
	m := s.messages(t)[0]
	is.Equal(m["quoted"], "> before")
	is.Equal(m["delivery"], nil)
	is.Equal(rows[0]["name"], "photo.jpg")
	is.Equal(rows[0]["type"], "image/jpeg")
	is.Equal(rows[0]["declaredType"], "x/declared")
	is.Equal(rows[0]["size"], 1.0)
	is.Equal(rows[0]["inline"], true)
	is.Equal(rows[0]["flags"], []any{})
	is.Equal(rows[0]["url"], "/api/v1/tickets/"+m["ticketId"].(string)+"/attachments/"+rows[0]["id"].(string))
	is.Equal(rows[1]["flags"], []any{"mismatch", "over_limit"})
	is.Equal(rows[1]["url"], nil) // listed only
	listed := s.get(t, "/api/v1/tickets/"+m["ticketId"].(string)+"/attachments/"+rows[1]["id"].(string))
	is.Equal(listed.Code, http.StatusNotFound)
	is.True(strings.Contains(listed.json()["detail"].(string), "too large"))
}

// However a file is called and whatever it is, a browser saves it and runs nothing.
func TestFilesAreGivenOutToBeSaved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		name, mediaType string // as they are stored
		save, sent      string // as they are given out
	}{
		"a photo":            {"photo.jpg", "image/jpeg", "photo.jpg", "image/jpeg"},
		"a picture":          {"a.png", "image/png", "a.png", "image/png"},
		"a PDF":              {"a.pdf", "application/pdf", "a.pdf", "application/pdf"},
		"text":               {"a.txt", "text/plain", "a.txt", "text/plain; charset=utf-8"},
		"text in a charset":  {"a.txt", "text/plain; charset=utf-7", "a.txt", "text/plain; charset=utf-8"},
		"HTML":               {"a.html", "text/html", "a.html", "application/octet-stream"},
		"SVG":                {"a.svg", "image/svg+xml", "a.svg", "application/octet-stream"},
		"XML":                {"a.xml", "text/xml", "a.xml", "application/octet-stream"},
		"a program":          {"a.pdf.exe", "application/vnd.microsoft.portable-executable", "a.pdf.exe", "application/octet-stream"},
		"a script":           {"a.js", "text/javascript", "a.js", "application/octet-stream"},
		"two types":          {"a", "image/png\r\nX-Evil: 1", "a", "application/octet-stream"},
		"no type":            {"a", "", "a", "application/octet-stream"},
		"accents":            {"Été à Paris.pdf", "application/pdf", "Été à Paris.pdf", "application/pdf"},
		"Japanese":           {"写真.png", "image/png", "写真.png", "image/png"},
		"spaces and plus":    {"a b+c&d=e.txt", "text/plain", "a b+c&d=e.txt", "text/plain; charset=utf-8"},
		"a quote":            {`a"; filename=evil.html; x=".txt`, "text/plain", `a"; filename=evil.html; x=".txt`, "text/plain; charset=utf-8"},
		"a backslash":        {`a\.txt`, "text/plain", `a\.txt`, "text/plain; charset=utf-8"},
		"a header":           {"a\r\nSet-Cookie: evil=1\r\n\r\n<script>", "text/plain", "a\r\nSet-Cookie: evil=1\r\n\r\n<script>", "text/plain; charset=utf-8"},
		"a percent sign":     {"100%41.txt", "text/plain", "100%41.txt", "text/plain; charset=utf-8"},
		"RFC 2231 in a name": {"UTF-8''evil.html", "text/plain", "UTF-8''evil.html", "text/plain; charset=utf-8"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			const content = "<script>alert(1)</script>"
			s, rows := withFiles(t, content, file(0, c.name, c.mediaType, content))
			a := s.get(t, rows[0]["url"].(string))
			is.Equal(a.Code, http.StatusOK)
			is.Equal(a.Body.String(), content)
			h := a.Header()
			is.Equal(h.Values("Content-Type"), []string{c.sent})
			how, names, err := mime.ParseMediaType(h.Get("Content-Disposition"))
			is.NoErr(err)
			is.Equal(how, "attachment")
			is.Equal(names["filename"], c.save) // by what clients of today read
			plain := strings.SplitN(strings.SplitN(h.Get("Content-Disposition"), `"`, 3)[1], `"`, 2)[0]
			is.True(!strings.ContainsAny(plain, "\"\\%/\r\n")) // by what old ones read
			is.Equal(h.Get("X-Content-Type-Options"), "nosniff")
			is.True(strings.HasPrefix(h.Get("Content-Security-Policy"), "sandbox; default-src 'none'"))
			is.Equal(h.Get("Cache-Control"), "private, no-store")
			is.Equal(h.Get("ETag"), `"`+domain.DigestOf([]byte(content)).String()+`"`)
			is.Equal(h.Get("Content-Length"), strconv.Itoa(len(content)))
			is.Equal(h.Get("Set-Cookie"), "")
			is.Equal(h.Get("X-Evil"), "")

			head := s.call(t, http.MethodHead, rows[0]["url"].(string), "")
			is.Equal(head.Code, http.StatusOK)
			is.Equal(head.Header().Get("ETag"), h.Get("ETag"))
		})
	}
}

func TestFilesAndTextsThatAreNotThere(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, rows := withFiles(t, "content", file(0, "a.txt", "text/plain", "content"))
	m := s.messages(t)[0]
	ticket := "/api/v1/tickets/" + m["ticketId"].(string)
	text := ticket + "/messages/" + m["id"].(string) + "/text"
	is.Equal(s.get(t, text).json()["text"], "Hello,\r\nBuyer's <words> & 1\nfooter")

	for path, mine := range map[string]string{text: "/messages/" + m["id"].(string) + "/text", rows[0]["url"].(string): "/attachments/" + rows[0]["id"].(string)} {
		is.Equal(s.get(t, path).Code, http.StatusOK)
		is.Equal(s.get(t, path, as(t, "t2")).Code, http.StatusNotFound) // another tenant's
		is.Equal(s.get(t, path, anonymous).Code, http.StatusUnauthorized)
		is.Equal(s.get(t, "/api/v1/tickets/"+uuid.NewString()+mine).Code, http.StatusNotFound) // not of this ticket
		is.Equal(s.get(t, "/api/v1/tickets/x"+mine).Code, http.StatusNotFound)
	}
	for _, path := range []string{"/attachments/", "/messages/"} {
		for _, id := range []string{uuid.NewString(), "x", uuid.Nil.String()} {
			if path == "/messages/" {
				id += "/text"
			}
			is.Equal(s.get(t, ticket+path+id).Code, http.StatusNotFound)
		}
	}
}

func TestWhatWasErasedIsGone(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, rows := withFiles(t, "content", file(0, "a.txt", "text/plain", "content"))
	m := s.messages(t)[0]
	is.NoErr(s.raws.Erase(t.Context(), tenant(t, "t1")))
	for _, path := range []string{rows[0]["url"].(string), "/api/v1/tickets/" + m["ticketId"].(string) + "/messages/" + m["id"].(string) + "/text"} {
		a := s.get(t, path)
		is.Equal(a.Code, http.StatusGone)
		is.Equal(a.json()["type"], "/docs#gone")
		is.True(strings.Contains(a.json()["detail"].(string), "erased"))
	}
	is.Equal(s.messages(t)[0]["body"], "Buyer's <words> & 1") // what was read out of it stays
}

func TestAFileThatIsReadDifferentlyTodayIsNotGivenOut(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s, rows := withFiles(t, "content", file(0, "a.txt", "text/plain", "content"))
	s.source.files["a.txt"] = []byte("another file's content")
	is.Equal(s.get(t, rows[0]["url"].(string)).Code, http.StatusConflict)
}
