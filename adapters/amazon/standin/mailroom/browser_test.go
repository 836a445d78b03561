package mailroom_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/matryer/is"
)

// browser is a person at the pages.
type browser struct {
	t    *testing.T
	base string
}

func (b *browser) do(method, path, contentType string, body io.Reader) string {
	b.t.Helper()
	is := is.New(b.t)
	request, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, body)
	is.NoErr(err)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	response, err := http.DefaultClient.Do(request)
	is.NoErr(err)
	defer func() { is.NoErr(response.Body.Close()) }()
	page, err := io.ReadAll(response.Body)
	is.NoErr(err)
	return string(page)
}

func (b *browser) get(path string) string { return b.do(http.MethodGet, path, "", nil) }

func (b *browser) form(path, values string) string {
	return b.do(http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(values))
}

// post fills in a form with a file, which may be "".
func (b *browser) post(path string, fields map[string]string, file string) string {
	b.t.Helper()
	is := is.New(b.t)
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range fields {
		is.NoErr(w.WriteField(name, value))
	}
	if file != "" {
		part, err := w.CreateFormFile("file", file)
		is.NoErr(err)
		_, err = io.WriteString(part, "content of "+file)
		is.NoErr(err)
	}
	is.NoErr(w.Close())
	return b.do(http.MethodPost, path, w.FormDataContentType(), &body)
}
