package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// registerMetrics registers the metrics of this process and of the fleet.
func (s *server) registerMetrics() {
	route(s, "GET /metrics", "metrics", "Read the metrics", "In Prometheus's text format; no metric names a tenant. `ORDERSYNC_METRICS_LISTEN` serves them elsewhere without a key.",
		func(context.Context, *struct{}) (*huma.StreamResponse, error) {
			if s.Metrics == nil {
				return nil, problem(http.StatusNotFound, "this server has no metrics")
			}
			return &huma.StreamResponse{Body: func(ctx huma.Context) {
				r, w := humago.Unwrap(ctx)
				s.Metrics.ServeHTTP(w, r)
			}}, nil
		}, tag("health"), func(op *huma.Operation) {
			op.Responses["200"] = &huma.Response{Description: "The metrics.", Content: map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}}}
		})
}
