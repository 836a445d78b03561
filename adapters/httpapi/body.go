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

// noBody accepts an empty body and the empty object, which some clients cannot help sending.
func noBody(w http.ResponseWriter, r *http.Request) error {
	body, err := bodyOf(w, r)
	if err != nil || len(body) == 0 {
		return err
	}
	return decode(body, &struct{}{})
}

// bodyOf reads a body that, if there is one, calls itself JSON.
func bodyOf(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &refusal{status: http.StatusRequestEntityTooLarge, detail: "a body has at most " + strconv.Itoa(maxBody) + " bytes"}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, &refusal{status: http.StatusRequestTimeout, detail: "the body did not come in time"}
	case err != nil:
		return nil, &refusal{status: http.StatusBadRequest, detail: "the body could not be read to its end"}
	case len(body) == 0:
		return nil, nil
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, &refusal{status: http.StatusUnsupportedMediaType, detail: "send the body as application/json"}
	}
	return body, nil
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
