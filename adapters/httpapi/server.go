// Package httpapi is the HTTP interface of the product: it turns requests into calls of the use cases, and what comes
// back into JSON. Start at [New] and at the table in routes; openapi.yaml is the contract with clients, served beside
// the routes and held against them by a test.
//
// Everything under /api/v1 needs a bearer token, what does not exist there included; but for the webhook, whose requests are
// signed, and for the two places that marketplaces send browsers to: see loginPath and callbackPath. The tenant is the token's:
// no path, query or body names one, and what belongs to another tenant does not exist. Errors are RFC 9457 problems.
package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
)

// Options is what a Server needs beside the use cases.
type Options struct {
	Auth    *Authenticator              // required
	Ready   func(context.Context) error // required: nil when the database answers and has the schema this build knows
	Log     *slog.Logger                // discarded when nil
	Metrics *prometheus.Registry        // what /metrics shows, with the metrics of requests added; a new one when nil
	River   http.Handler                // River's own pages, made for RiverPath; none when nil
	Version string                      // of this build

	// SignIn is where sellers sign in whom a marketplace sends here to authorize us, with the marketplace's query on it: see
	// [CheckSignIn]. "": nobody is sent on.
	SignIn string

	// Dev has the development page served. nil: there is none.
	Dev *DevPage

	// WebhookKeys are what mails that are pushed by HTTP are signed with: see [ParseWebhookKeys]. None: no mail is taken.
	WebhookKeys []domain.Secret
}

// Server is the http.Handler of all routes. It is safe for concurrent use.
type Server struct {
	app      *app.App
	auth     *Authenticator
	ready    func(context.Context) error
	log      *slog.Logger
	metrics  *metrics
	docs     []byte
	keys     []domain.Secret     // of the webhook; none: it is closed
	unsigned *semaphore.Weighted // bytes of mails at the webhook, signed or not
	timeout  time.Duration       // of one request
	signIn   string              // "" when there is none
	dev      *DevPage            // nil when there is none
	router   *mux.Router

	river      http.Handler // nil when there is none
	sameOrigin *http.CrossOriginProtection
}

// requestTimeout bounds the work for one request. It ends before writeTimeout cuts the connection, so that the client
// still hears why.
const requestTimeout = 60 * time.Second

// New returns the handler of all routes; it starts nothing. Its error names everything that o lacks or has wrong.
func New(a *app.App, o Options) (*Server, error) {
	var missing []error
	need := func(name string, there bool) {
		if !there {
			missing = append(missing, domain.Errorf(domain.ErrInvalid, "httpapi: %s is missing", name))
		}
	}
	need("the application", a != nil)
	need("Options.Auth", o.Auth != nil)
	need("Options.Ready", o.Ready != nil)
	for _, key := range o.WebhookKeys {
		if len(key.Reveal()) < MinSecret {
			missing = append(missing, domain.Errorf(domain.ErrInvalid, "httpapi: a key of Options.WebhookKeys is shorter than %d bytes", MinSecret))
		}
	}
	if o.SignIn != "" {
		if err := CheckSignIn(o.SignIn); err != nil {
			missing = append(missing, domain.Wrap(domain.ErrInvalid, err, "httpapi: Options.SignIn: %s", domain.Message(err)))
		}
	}
	if err := errors.Join(missing...); err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	metrics, err := newMetrics(o.Metrics)
	if err != nil {
		return nil, err
	}
	page, err := renderDocs(specification, o.Version)
	if err != nil {
		return nil, err
	}
	s := &Server{app: a, auth: o.Auth, ready: o.Ready, log: o.Log, metrics: metrics, docs: page, keys: o.WebhookKeys, unsigned: semaphore.NewWeighted(maxUnsigned), timeout: requestTimeout,
		signIn: o.SignIn, dev: o.Dev, river: o.River, sameOrigin: http.NewCrossOriginProtection()}
	s.router = s.routes()
	return s, nil
}

// apiBase is where the routes that need a token begin.
const apiBase = "/api/v1"

// routes is the table of all routes.
func (s *Server) routes() *mux.Router {
	// Paths are taken as they come: a redirect to the clean one would answer requests that nobody has authenticated.
	root := mux.NewRouter().SkipClean(true)
	root.Use(noteRoute)
	root.NotFoundHandler = s.answer(s.noRoute)
	root.MethodNotAllowedHandler = root.NotFoundHandler
	s.get(root, "/healthz", s.healthz)
	s.get(root, "/readyz", s.readyz)
	s.get(root, "/openapi.yaml", s.openapi)
	s.get(root, "/docs", s.docsPage)
	root.Handle("/metrics", s.metrics.handler()).Methods(http.MethodGet, http.MethodHead)
	if s.river != nil {
		root.Handle(RiverPath, s.answer(s.riverPages))
		root.PathPrefix(RiverPath + "/").Handler(s.answer(s.riverPages))
	}
	if s.dev != nil {
		s.get(root, "/", openDev)
		s.get(root, devPath+"/", openDev)
		s.get(root, devPath, s.devPage)
		s.get(root, devPath+"/app.js", devFile("text/javascript; charset=utf-8", devScript))
		s.get(root, devPath+"/app.css", devFile("text/css; charset=utf-8", devStyle))
	}
	s.post(root, apiBase+"/webhooks/inbound-email", s.receiveMail) // its signature stands for a token
	s.get(root, loginPath, s.openLogin)
	s.get(root, callbackPath, s.finishConsent)

	api := root.PathPrefix(apiBase).Subrouter()
	api.Use(s.authenticate)
	api.NotFoundHandler = s.authenticate(s.answer(s.noRoute))
	api.MethodNotAllowedHandler = api.NotFoundHandler
	s.get(api, "/marketplaces/{marketplace}/status", tenantOnly(s.status))
	s.post(api, "/marketplaces/{marketplace}/connect", tenantOnly(s.connect))
	s.post(api, "/marketplaces/{marketplace}/sync", tenantOnly(s.sync))
	s.post(api, "/marketplaces/{marketplace}/disconnect", tenantOnly(s.disconnect))
	s.post(api, "/marketplaces/{marketplace}/oauth/login", tenantOnly(s.acceptInvitation))
	s.put(api, "/marketplaces/amazon/mailbox", tenantOnly(s.setMailbox))
	s.get(api, "/marketplaces/amazon/inbound-addresses", tenantOnly(s.listAddresses))
	s.post(api, "/marketplaces/amazon/inbound-addresses", tenantOnly(s.createAddress))
	s.post(api, "/marketplaces/amazon/inbound-addresses/{id}/retire", tenantOnly(s.retireAddress))
	s.post(api, "/marketplaces/amazon/inbound-addresses/{id}/validation", tenantOnly(s.validateAddress))
	s.post(api, "/marketplaces/amazon/mock/connect", tenantOnly(s.connectMock))
	s.get(api, "/tickets", tenantOnly(s.listTickets))
	s.get(api, "/tickets/{id}", tenantOnly(s.getTicket))
	s.get(api, "/tickets/{id}/messages", tenantOnly(s.listMessages))
	s.get(api, "/tickets/{id}/messages/{messageId}/text", tenantOnly(s.getText))
	s.get(api, "/tickets/{id}/attachments/{attachmentId}", tenantOnly(s.getAttachment))
	s.get(api, "/tickets/{id}/events", tenantOnly(s.listEvents))
	s.get(api, "/tickets/{id}/order", tenantOnly(s.getOrder))
	s.post(api, "/tickets/{id}/order/refresh", tenantOnly(s.refreshOrder))
	s.get(api, "/tickets/{id}/replies", tenantOnly(s.listTicketReplies))
	s.post(api, "/tickets/{id}/replies", tenantOnly(s.writeReply))
	s.get(api, "/tickets/{id}/replies/{replyId}", tenantOnly(s.getReply))
	s.post(api, "/tickets/{id}/replies/{replyId}/cancel", tenantOnly(s.cancelReply))
	s.post(api, "/tickets/{id}/replies/{replyId}/resolve", tenantOnly(s.resolveReply))
	s.post(api, "/tickets/{id}/notes", tenantOnly(s.addNote))
	s.get(api, "/replies", tenantOnly(s.listReplies))
	s.post(api, "/replies/check", tenantOnly(s.checkReply))
	s.get(api, "/quarantine", tenantOnly(s.listQuarantine))
	s.get(api, "/quarantine/{id}", tenantOnly(s.getQuarantined))
	s.get(api, "/quarantine/{id}/raw", tenantOnly(s.getQuarantinedRaw))
	s.post(api, "/quarantine/{id}/assign", tenantOnly(s.assignQuarantined))
	s.post(api, "/quarantine/{id}/dismiss", tenantOnly(s.dismissQuarantined))
	s.post(api, "/quarantine/{id}/replay", tenantOnly(s.replayQuarantined))
	s.get(api, "/ops/jobs", s.operatorOnly(s.opsJobs))
	s.get(api, "/ops/connections", s.operatorOnly(s.opsConnections))
	s.post(api, "/ops/connections/{id}/resume", s.operatorOnly(s.opsResume))
	s.get(api, "/ops/rejected", s.operatorOnly(s.opsRejected))
	s.post(api, "/ops/rejected/{id}/replay", s.operatorOnly(s.opsReplay))
	s.post(api, "/ops/session", s.operatorOnly(s.opsSession))
	return root
}

func (s *Server) get(r *mux.Router, path string, h handler) {
	r.Handle(path, s.answer(h)).Methods(http.MethodGet, http.MethodHead)
}

func (s *Server) post(r *mux.Router, path string, h handler) {
	r.Handle(path, s.answer(h)).Methods(http.MethodPost)
}

func (s *Server) put(r *mux.Router, path string, h handler) {
	r.Handle(path, s.answer(h)).Methods(http.MethodPut)
}

// handler answers a request or returns why it cannot; then it has written nothing.
type handler func(http.ResponseWriter, *http.Request) error

// answer makes h an http.Handler whose errors become problems.
func (s *Server) answer(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.fail(w, r, err)
		}
	})
}

// tenantHandler is a handler that works for one tenant.
type tenantHandler func(http.ResponseWriter, *http.Request, domain.TenantID) error

// tenantOnly hands h the tenant that authenticate found, and refuses to run it without one.
func tenantOnly(h tenantHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		tenant := exchangeOf(r).tenant
		if tenant.IsZero() {
			return errNoToken
		}
		return h(w, r, tenant)
	}
}

// noRoute answers what no route matches: 405 and the methods that the path has (RFC 9110 §15.5.6), else 404. The router
// cannot be asked which of the two it is: within a subrouter it forgets about a wrong method.
func (s *Server) noRoute(_ http.ResponseWriter, r *http.Request) error {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut} {
		asked := r.Clone(r.Context())
		asked.Method = method
		var match mux.RouteMatch
		if s.router.Match(asked, &match) && match.Route != nil && match.Route.GetHandler() != nil {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		return &refusal{status: http.StatusNotFound, detail: "there is no such route: see /docs"}
	}
	return &refusal{
		status: http.StatusMethodNotAllowed, detail: "this path has other methods: see the Allow header",
		header: http.Header{"Allow": {strings.Join(allowed, ", ")}},
	}
}
