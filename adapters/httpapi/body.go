package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxBody is the longest body that is read, in bytes.
const maxBody = 1 << 20

// maxEcho is the longest name of a field that an answer repeats, in bytes.
const maxEcho = 64

// readBody reads the request's JSON object into v, which names every field there may be. Its errors are refusals that
// quote no value.
func readBody(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := bodyOf(w, r)
	if err != nil {
		return err
	}
	if len(body) == 0 {
		return &refusal{status: http.StatusBadRequest, detail: "a JSON body is needed"}
	}
	return decode(body, v)
}

// optionalBody is readBody for a body that may be left out: then v stays as it is.
func optionalBody(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := bodyOf(w, r)
	if err != nil || len(body) == 0 {
		return err
	}
	return decode(body, v)
}

// noBody accepts an empty body and the empty object, which some clients cannot help sending.
func noBody(w http.ResponseWriter, r *http.Request) error {
	return optionalBody(w, r, &struct{}{})
}

// bodyOf reads a body that, if there is one, calls itself JSON.
func bodyOf(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := readAll(w, r, maxBody)
	if err != nil || len(body) == 0 {
		return nil, err
	}
	return body, mustBe(r, "application/json")
}

// readAll reads a body of at most so many bytes.
func readAll(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	var body bytes.Buffer
	if n := r.ContentLength; n > 0 && n <= most {
		body.Grow(int(n) + bytes.MinRead) // else it grows by doubling
	}
	_, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, most))
	var beyond *http.MaxBytesError
	switch {
	case errors.As(err, &beyond):
		return nil, tooLarge(most)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &refusal{status: http.StatusRequestTimeout, detail: "the body did not come in time"}
	case err != nil:
		return nil, &refusal{status: http.StatusBadRequest, detail: "the body could not be read to its end"}
	}
	return body.Bytes(), nil
}

func tooLarge(most int64) error {
	return &refusal{status: http.StatusRequestEntityTooLarge, detail: "a body has at most " + strconv.FormatInt(most, 10) + " bytes"}
}

// mustBe refuses a body that does not call itself what it must be.
func mustBe(r *http.Request, mediaType string) error {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != mediaType {
		return &refusal{status: http.StatusUnsupportedMediaType, detail: "send the body as " + mediaType}
	}
	return nil
}

func decode(body []byte, v any) error {
	switch {
	case !utf8.Valid(body):
		return &refusal{status: http.StatusBadRequest, detail: "the body is not UTF-8"}
	case !bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n"), []byte("{")):
		return &refusal{status: http.StatusBadRequest, detail: "the body is not a JSON object"}
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return decodeRefusal(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return &refusal{status: http.StatusBadRequest, detail: "there is something behind the JSON object"}
	}
	return nil
}

// decodeRefusal says what is wrong with a body. encoding/json has no type for an unknown field, only this text.
func decodeRefusal(err error) error {
	if quoted, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name, err := strconv.Unquote(quoted)
		if err != nil || len(name) > maxEcho {
			return &refusal{status: http.StatusBadRequest, detail: "the body has an unknown field"}
		}
		return wrongField(http.StatusBadRequest, name, "unknown field")
	}
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) && wrong.Field != "" {
		return wrongField(http.StatusBadRequest, wrong.Field, "wrong type: see /openapi.yaml")
	}
	return &refusal{status: http.StatusBadRequest, detail: "the body is not JSON"}
}
