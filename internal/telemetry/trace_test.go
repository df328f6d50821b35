package telemetry_test

import (
	"context"
	"net/http"
	"testing"

	"ordersync/internal/telemetry"

	"go.opentelemetry.io/otel/propagation"
)

// Where nothing is traced a caller's own trace is not kept.
func TestTraceOfACallerIsNotKept(t *testing.T) {
	header := http.Header{"Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}
	ctx := propagation.TraceContext{}.Extract(context.Background(), propagation.HeaderCarrier(header))
	if got := new(telemetry.Tracer).Trace(ctx); got != "" {
		t.Errorf("the trace %s is kept", got)
	}
}
