package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Config is what the HTTP interface needs.
type Config struct {
	Reader *store.Reader
	Engine *engine.Engine // all that changes anything goes through it
	// Operators are the e-mails that a trusted proxy may name as operators.
	Operators []string
	// TrustedProxies are the networks whose X-User-Email and X-Tenant-Id are
	// believed.
	TrustedProxies []netip.Prefix
	Version        string
	Log            *slog.Logger
	// Now is the store's clock; nil means time.Now.
	Now func() time.Time
	// Ready is what must hold besides a database that answers before requests are
	// sent here, such as a current schema; Live what must hold as long as the process
	// is not to be started anew.
	Ready, Live []Check
	// Mark notes a request's id in its context, for the log; nil: nobody does.
	Mark func(ctx context.Context, requestID string) context.Context
	// Metrics answers a scrape; nil: there are none.
	Metrics http.Handler
	Pace    Pace
}

// Pace holds the times and limits that tests shorten. Zero values mean the
// default.
type Pace struct {
	// PollFirst and PollLast are the pauses between two looks at a run that is
	// waited for: 200 ms growing to 1 s.
	PollFirst, PollLast time.Duration
	// Heartbeat is the longest silence of an event stream; 15 s.
	Heartbeat time.Duration
	// MaxResults is how many results an answer lists; 5000.
	MaxResults int
}

func (p Pace) withDefaults() Pace {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	set(&p.PollFirst, 200*time.Millisecond)
	set(&p.PollLast, time.Second)
	set(&p.Heartbeat, 15*time.Second)
	if p.MaxResults == 0 {
		p.MaxResults = 5000
	}
	return p
}

// server is the handler that New makes.
type server struct {
	Config
	mux       *http.ServeMux
	huma      huma.API
	operators map[string]bool // by e-mail in small letters
	proxies   []netip.Prefix
	counted   counted
	searches  limiter
	waits     limiter
	health    health
	lives     health
}

// New makes the HTTP interface. It fails when a route is registered that the
// table of scopes does not know, or the other way round.
//
// The http.Server around it must have no WriteTimeout, since a request may wait
// ten minutes for a run; a ReadHeaderTimeout and an IdleTimeout are right. Bodies
// and answers have deadlines of their own here.
func New(c Config) (http.Handler, error) {
	if c.Reader == nil || c.Engine == nil {
		return nil, errors.New("the HTTP interface needs a reader and an engine")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Mark == nil {
		c.Mark = func(ctx context.Context, _ string) context.Context { return ctx }
	}
	c.Pace = c.Pace.withDefaults()
	s := &server{Config: c, mux: http.NewServeMux(), operators: map[string]bool{}}
	for _, email := range c.Operators {
		s.operators[strings.ToLower(strings.TrimSpace(email))] = true
	}
	delete(s.operators, "")
	s.counted.runs = map[ordersync.RunID]countedRun{}
	for _, p := range c.TrustedProxies {
		s.proxies = append(s.proxies, plainPrefix(p))
	}
	s.huma = humago.New(s.mux, s.humaConfig())
	s.huma.UseMiddleware(s.guard)
	s.register()
	if err := s.checkScopes(); err != nil {
		return nil, err
	}
	return s, s.serveDocument()
}

func (s *server) humaConfig() huma.Config {
	c := huma.DefaultConfig("ordersync", s.Version)
	c.Info.Description = description
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	c.CreateHooks = nil // they add $schema to every body
	c.DocsPath, c.SchemasPath, c.OpenAPIPath = "", "", ""
	c.RejectUnknownQueryParameters = true // a misspelt filter would widen what is answered
	c.Transformers = []huma.Transformer{s.finishProblem}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"key":       {Type: "http", Scheme: "bearer", BearerFormat: "osk_…", Description: "An operator's key, or one tenant's."},
		"proxyUser": {Type: "apiKey", In: "header", Name: userHeader, Description: "Believed from a trusted proxy only, together with " + tenantHeader + "."},
		"proxyFor":  {Type: "apiKey", In: "header", Name: tenantHeader, Description: "Believed from a trusted proxy only, together with " + userHeader + "."},
	}
	return c
}

// serveDocument serves the OpenAPI document, which is made once.
func (s *server) serveDocument() error {
	schemas := s.huma.OpenAPI().Components.Schemas.Map()
	delete(schemas, "ErrorModel") // huma's own, which finishProblem replaces
	delete(schemas, "ErrorDetail")
	s.openAnswers()
	text, err := json.MarshalIndent(s.huma.OpenAPI(), "", "  ")
	if err != nil {
		return fmt.Errorf("write the OpenAPI document: %w", err)
	}
	text = append(text, '\n')
	s.mux.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(text)
	})
	return nil
}

// openAnswers says of the shapes of answers that fields may be added to them;
// those of requests stay closed.
func (s *server) openAnswers() {
	schemas := s.huma.OpenAPI().Components.Schemas
	asked := map[*huma.Schema]bool{}
	for _, item := range s.huma.OpenAPI().Paths {
		for _, op := range operations(item) {
			if op.RequestBody != nil {
				for _, content := range op.RequestBody.Content {
					asked[schemas.SchemaFromRef(content.Schema.Ref)] = true
				}
			}
		}
	}
	for _, schema := range schemas.Map() {
		if closed, ok := schema.AdditionalProperties.(bool); ok && !closed && !asked[schema] {
			schema.AdditionalProperties = nil
		}
	}
}

// description stands at the top of the OpenAPI document.
const description = "ordersync keeps the orders of many tenants in step with Amazon's Selling Partner API.\n\n" +
	"Every request but those of the probes needs a key, `Authorization: Bearer osk_…`, of an operator or of one tenant; a trusted proxy may instead " +
	"send `X-User-Email` and `X-Tenant-Id`. A tenant that names another one is answered 403, whether that one exists or not; an id that is not its own is answered 404.\n\n" +
	"Times are RFC 3339, UTC, with milliseconds; amounts are decimal texts as Amazon wrote them. Whatever goes wrong is answered with a problem document (RFC 9457): " +
	"400 when the request cannot be read or names no tenant, 422 when a value is wrong, 503 with Retry-After when the database does not answer. " +
	"Fields may be added; ignore those that you do not know."
