package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// scope says who may call a route.
type scope int

const (
	// public is open to anybody.
	public scope = iota + 1
	// tenantScope is open to operators, and to a tenant for itself.
	tenantScope
	// operatorScope is open to operators only.
	operatorScope
)

// scopes is the table of all routes and who may call them. A route that is not
// here cannot be registered.
var scopes = map[string]scope{
	"GET /livez":  public,
	"GET /readyz": public,

	"GET /metrics": operatorScope,

	"GET /api/v1/orders/sync/status":          tenantScope,
	"POST /api/v1/orders/sync/run":            tenantScope,
	"POST /api/v1/orders/sync/run/global":     operatorScope,
	"POST /api/v1/orders/sync/items":          tenantScope,
	"GET /api/v1/orders/sync/backfill/status": tenantScope,
	"POST /api/v1/orders/sync/backfill/run":   tenantScope,
	"POST /api/v1/orders/backfill":            tenantScope,
	"POST /api/v1/orders/import-one":          tenantScope,
	"GET /api/v1/orders":                      tenantScope,
	"GET /api/v1/orders/{orderId}":            tenantScope,

	"GET /api/v1/marketplaces/amazon/status":         tenantScope,
	"GET /api/v1/marketplaces/amazon/authorizations": operatorScope,
	"POST /api/v1/marketplaces/amazon/oauth/start":   tenantScope,
	"POST /api/v1/marketplaces/amazon/disconnect":    tenantScope,

	"GET /api/v1/runs":              operatorScope,
	"GET /api/v1/runs/{id}":         tenantScope,
	"GET /api/v1/runs/{id}/results": tenantScope,
	"GET /api/v1/runs/{id}/events":  tenantScope,
	"POST /api/v1/runs/{id}/cancel": tenantScope,

	"GET /api/v1/connections":                               operatorScope,
	"POST /api/v1/tenants/{tenant}/connections/{id}/pause":  operatorScope,
	"POST /api/v1/tenants/{tenant}/connections/{id}/resume": operatorScope,
	"PATCH /api/v1/tenants/{tenant}/connections/{id}":       operatorScope,
	"GET /api/v1/tenants/{tenant}/orders/{orderId}/explain": operatorScope,
	"GET /api/v1/reasons":                                   tenantScope,
}

// checkScopes wants the table and the registered routes to be the same.
func (s *server) checkScopes() error {
	registered := map[string]bool{}
	for path, item := range s.huma.OpenAPI().Paths {
		for method, op := range operations(item) {
			name := method + " " + path
			if registered[name] = true; scopes[name] == 0 {
				return fmt.Errorf("%s (%s) is not in the table of scopes", name, op.OperationID)
			}
		}
	}
	for name := range scopes {
		if !registered[name] {
			return fmt.Errorf("%s is in the table of scopes and not registered", name)
		}
	}
	return nil
}

// operations are a path's operations by method.
func operations(item *huma.PathItem) map[string]*huma.Operation {
	all := map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch,
		http.MethodDelete: item.Delete, http.MethodHead: item.Head, http.MethodOptions: item.Options, http.MethodTrace: item.Trace,
	}
	for method, op := range all {
		if op == nil {
			delete(all, method)
		}
	}
	return all
}

// route registers an operation. name is its method and path, as in the table of
// scopes. Errors of do become problem documents.
func route[I, O any](s *server, name, id, summary, text string, do func(context.Context, *I) (*O, error), change ...func(*huma.Operation)) {
	method, path, _ := strings.Cut(name, " ")
	op := huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary, Description: text,
		MaxBodyBytes:    -1, // guard has read the body, within its limit
		BodyReadTimeout: -1, // and its deadline would cut off requests that wait
		Responses:       map[string]*huma.Response{"default": s.problemResponse()},
	}
	if scopes[name] != public {
		op.Security = []map[string][]string{{"key": {}}, {"proxyUser": {}, "proxyFor": {}}}
	}
	for _, f := range change {
		f(&op)
	}
	huma.Register(s.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err != nil {
			return nil, s.problemOf(ctx, err)
		}
		return out, nil
	})
}

// problemResponse documents the answer to whatever went wrong.
func (s *server) problemResponse() *huma.Response {
	return &huma.Response{
		Description: "A problem document (RFC 9457).",
		Content: map[string]*huma.MediaType{problemType: {
			Schema: s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem"),
		}},
	}
}

// acceptable documents that an operation may answer 202 with the same body as
// 200.
func acceptable[O any](s *server, text string) func(*huma.Operation) {
	return func(op *huma.Operation) {
		body, _ := reflect.TypeFor[O]().FieldByName("Body")
		op.Responses["202"] = &huma.Response{Description: text, Content: map[string]*huma.MediaType{
			"application/json": {Schema: s.huma.OpenAPI().Components.Schemas.Schema(body.Type, true, "")},
		}}
	}
}

// tag puts an operation under a heading of the document.
func tag(name string) func(*huma.Operation) {
	return func(op *huma.Operation) { op.Tags = []string{name} }
}

// register registers all routes.
func (s *server) register() {
	s.registerHealth()
	s.registerMetrics()
	s.registerStatus()
	s.registerRuns()
	s.registerBackfill()
	s.registerOrders()
	s.registerOperation()
	s.registerConnect()
	s.registerAuthorizations()
}
