package standin

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"
)

// Names of headers.
const (
	requestID   = "X-Amzn-Requestid"
	errorType   = "X-Amzn-Errortype"
	rateLimit   = "X-Amzn-Ratelimit-Limit"
	accessToken = "X-Amz-Access-Token"
)

const (
	typeJSON = "application/json"
	typeHAL  = "application/hal+json"
)

// answer is what an operation says.
type answer struct {
	status int
	kind   string // media type; "": JSON
	body   any
	fault  string // x-amzn-ErrorType, of gateway errors
}

// apiError is one of the errors that an answer lists.
type apiError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
	Details string `json:"details"`
}

func ok(body any) answer { return answer{status: http.StatusOK, body: body} }

// payload wraps what older operations wrap.
func payload(body any) answer { return ok(map[string]any{"payload": body}) }

func failure(status int, code, message, details string) answer {
	return answer{status: status, body: map[string]any{"errors": []apiError{{code, message, details}}}}
}

// invalid is the answer to a request that breaks a rule of the operation.
func invalid(details string) answer {
	return failure(http.StatusBadRequest, "InvalidInput", "Invalid Input", details)
}

func notFound(details string) answer {
	return failure(http.StatusNotFound, "NotFound", "Resource not found", details)
}

// What else a refusal may say. With nothing it is about what the caller may do, not about its token.
const (
	denied       = ""
	tokenMissing = "Access token is missing in the request header."
	tokenInvalid = "The access token you provided is revoked, malformed or invalid."
	tokenExpired = "The access token you provided has expired."
)

// unauthorized refuses a call.
func unauthorized(details string) answer {
	f := failure(http.StatusForbidden, "Unauthorized", "Access to requested resource is denied.", details)
	f.fault = "AccessDeniedException"
	return f
}

// combination is the answer to a message of a type that is not permitted for the order now.
func combination() answer {
	return failure(http.StatusForbidden, "Unauthorized", "Invalid amazonOrderId and template combination.", "")
}

// noSuchPath is the answer to what is no operation.
func noSuchPath() answer {
	f := failure(http.StatusForbidden, "MissingAuthenticationToken", "Missing Authentication Token", "")
	f.fault = "MissingAuthenticationTokenException"
	return f
}

func quotaExceeded() answer {
	f := failure(http.StatusTooManyRequests, "QuotaExceeded", "You exceeded your quota for the requested resource.", "")
	f.fault = "TooManyRequestsException"
	return f
}

// header sets what every answer has.
func header(w http.ResponseWriter, now time.Time) {
	var id [16]byte
	_, _ = rand.Read(id[:])
	text := hex.EncodeToString(id[:])
	w.Header().Set(requestID, text[:8]+"-"+text[8:12]+"-"+text[12:16]+"-"+text[16:20]+"-"+text[20:])
	w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
}

func (n answer) write(w http.ResponseWriter) {
	if n.fault != "" {
		w.Header().Set(errorType, n.fault)
	}
	if n.kind != "" {
		w.Header().Set("Content-Type", n.kind)
	}
	writeJSON(w, n.status, n.body)
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", typeJSON)
	}
	w.WriteHeader(status)
	if body != nil && status != http.StatusNoContent {
		_ = json.NewEncoder(w).Encode(body) // whoever does not read on misses it
	}
}
