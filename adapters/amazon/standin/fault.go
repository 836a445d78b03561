package standin

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Fault is what goes wrong, on cue. The zero value of each field is the least: all calls, until it is mended, and nothing
// happens to them.
type Fault struct {
	Operation string // as Amazon names it, or OperationToken; "": every operation of the Selling Partner API
	Seller    string // "": whoever calls
	Times     int    // after how many calls that it met it mends itself; 0: it does not
	Every     int    // 2: every second call is met, the second one first; 0 and 1: every call

	Delay  time.Duration // before anything else happens
	Reset  Reset
	Status int  // 0: the answer is as always
	Body   Body // of the answer with Status
}

// Reset says whether the connection breaks.
type Reset int

// When it may break.
const (
	ResetNot    Reset = iota
	ResetBefore       // nothing is done
	ResetAfter        // all is done, and no answer comes
)

// Body is what a broken answer holds.
type Body int

// What it may hold.
const (
	BodyErrors    Body = iota // what Amazon says with that status
	BodyHTML                  // a page, as a gateway sends it
	BodyEmpty                 // nothing
	BodyTruncated             // the beginning of JSON; then the connection breaks
)

// gatewayPage is a body as it comes when the gateway itself is in trouble.
const gatewayPage = "<html>\r\n<head><title>Service Unavailable</title></head>\r\n<body>\r\n<center><h1>Service Unavailable</h1></center>\r\n</body>\r\n</html>\r\n"

// fault is one that is in force.
type fault struct {
	Fault
	seen, met int
}

// Break makes calls fail from now on. mend ends that; it may be called twice.
func (a *Amazon) Break(f Fault) (mend func()) {
	entry := &fault{Fault: f}
	a.do(func() { a.faults = append(a.faults, entry) })
	return func() {
		a.do(func() { a.faults = slices.DeleteFunc(a.faults, func(other *fault) bool { return other == entry }) })
	}
}

// Mend ends all faults.
func (a *Amazon) Mend() { a.do(func() { a.faults = nil }) }

// faultOf returns what goes wrong with a call: the first fault that meets it. Later ones do not see it then.
func (a *Amazon) faultOf(operation, seller string) (found Fault) {
	a.do(func() {
		for _, f := range a.faults {
			if !f.concerns(operation, seller) {
				continue
			}
			if f.seen++; f.Every > 1 && f.seen%f.Every != 0 {
				continue
			}
			if f.met++; f.Times > 0 && f.met >= f.Times {
				a.faults = slices.DeleteFunc(slices.Clone(a.faults), func(other *fault) bool { return other == f })
			}
			found = f.Fault
			return
		}
	})
	return found
}

func (f Fault) concerns(operation, seller string) bool {
	if f.Seller != "" && f.Seller != seller {
		return false
	}
	return f.Operation == operation || f.Operation == "" && operation != OperationToken
}

// before does what happens before the call is worked on. It reports whether that is all.
func (f Fault) before(w http.ResponseWriter, r *http.Request, body func(status int) any) bool {
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-r.Context().Done():
			return true
		}
	}
	switch {
	case f.Reset == ResetBefore:
		reset(w)
	case f.Reset == ResetAfter || f.Status == 0:
		return false
	default:
		f.answer(w, body(f.Status))
	}
	return true
}

// after does what happens once the call was worked on. It reports whether there is no answer any more.
func (f Fault) after(w http.ResponseWriter) bool {
	if f.Reset == ResetAfter {
		reset(w)
	}
	return f.Reset == ResetAfter
}

func (f Fault) answer(w http.ResponseWriter, errors any) {
	switch f.Body {
	case BodyHTML:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, gatewayPage)
	case BodyEmpty:
		w.WriteHeader(f.Status)
	case BodyTruncated:
		const begun = `{"errors":[{"co`
		w.Header().Set("Content-Type", typeJSON)
		w.Header().Set("Content-Length", strconv.Itoa(len(begun)+100))
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, begun)
	default:
		writeJSON(w, f.Status, errors)
	}
}

// reset breaks the connection.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the server's way to break off
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
