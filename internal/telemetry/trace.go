package telemetry

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"ordersync"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// TraceSettings say where spans go.
type TraceSettings struct {
	// Endpoint is the base URL of a collector that takes OTLP over HTTP, such as
	// http://127.0.0.1:4318; "": the standard variables OTEL_EXPORTER_OTLP_… say.
	Endpoint string
	Version  string
	Instance string // names this process
	Database string // sqlite or postgresql
	// Tell is told what could not be sent; it is dropped.
	Tell func(error)
}

// Tracer makes spans: of requests, executions, calls to Amazon and transactions. Their
// attributes may name a tenant and a connection, and never hold an order's id, a
// query, a body, a secret or anything personal. The zero value makes none.
type Tracer struct {
	tracer   trace.Tracer // nil: no spans are made
	provider *sdk.TracerProvider
	database string
}

// NewTracer sends spans to a collector. It does no I/O: what cannot be sent is dropped,
// and told. How many are sampled is for the standard
// variables OTEL_TRACES_SAMPLER and …_ARG to say; all are unless they do.
func NewTracer(ctx context.Context, set TraceSettings) (*Tracer, error) {
	var options []otlptracehttp.Option
	if set.Endpoint != "" {
		options = append(options, otlptracehttp.WithEndpointURL(strings.TrimRight(set.Endpoint, "/")+"/v1/traces"))
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("prepare traces: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", namespace), attribute.String("service.version", set.Version), attribute.String("service.instance.id", set.Instance),
	), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("prepare traces: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(set.Tell)) // OpenTelemetry has one for the whole program
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about))
	return &Tracer{tracer: provider.Tracer(namespace), provider: provider, database: set.Database}, nil
}

// Close sends what was not sent yet, until ctx ends.
func (t *Tracer) Close(ctx context.Context) error {
	if t.provider == nil {
		return nil
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("send the last traces: %w", err)
	}
	return nil
}

// start begins a span.
func (t *Tracer) start(ctx context.Context, name string, kind trace.SpanKind, with ...attribute.KeyValue) (context.Context, trace.Span) {
	if t.tracer == nil {
		return ctx, noop.Span{}
	}
	return t.tracer.Start(ctx, name, trace.WithSpanKind(kind), trace.WithAttributes(with...))
}

// Span begins a span of a name of ours; what it returns ends it.
func (t *Tracer) Span(ctx context.Context, name string) (context.Context, func(error)) {
	ctx, span := t.start(ctx, name, trace.SpanKindInternal)
	return ctx, func(err error) { finish(span, err) }
}

// finish ends a span. Of an error only that there was one is told: its text is for the
// log, where the same ids stand.
func finish(span trace.Span, err error) {
	if err != nil {
		span.SetStatus(codes.Error, "see the log")
	}
	span.End()
}

// execution begins the span of an execution, which points to the traces in which it was
// asked for: these have often ended by then.
func (t *Tracer) execution(ctx context.Context, c ordersync.Connection, epoch int64, traces []string) (context.Context, func(error)) {
	links := linksTo(ctx, traces)
	ctx, span := t.start(ctx, "execution", trace.SpanKindInternal, attribute.String("ordersync.tenant", string(c.Tenant)),
		attribute.Int64("ordersync.connection", int64(c.ID)), attribute.Int64("ordersync.epoch", epoch), attribute.String("ordersync.region", string(c.Region)))
	for _, one := range links {
		span.AddLink(one)
	}
	return ctx, func(err error) { finish(span, err) }
}

// traceparent is the name of W3C Trace Context's header.
const traceparent = "traceparent"

// Trace is the span that a context is in, as W3C's traceparent; "": it is in none.
func (t *Tracer) Trace(ctx context.Context) string {
	if t.tracer == nil {
		return "" // what a caller sent is not ours to keep
	}
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier.Get(traceparent)
}

// linksTo are links to spans that are not of the context's own trace.
func linksTo(ctx context.Context, traces []string) (out []trace.Link) {
	own := trace.SpanContextFromContext(ctx).TraceID()
	for _, one := range traces {
		there := propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceparent: one})
		if link := trace.LinkFromContext(there); link.SpanContext.IsValid() && link.SpanContext.TraceID() != own {
			out = append(out, link)
		}
	}
	return out
}

// committed notes at the execution's span how live work ended.
func (t *Tracer) committed(ctx context.Context, c store.Commit) {
	if c.Settle != nil {
		trace.SpanFromContext(ctx).SetAttributes(attribute.String("ordersync.reason", string(c.Settle.Outcome.Reason)))
	}
}

func (t *Tracer) amazon(ctx context.Context, op ordersync.Operation, region ordersync.Region) (context.Context, func(spapi.Sent)) {
	ctx, span := t.start(ctx, "amazon "+string(op), trace.SpanKindClient,
		attribute.String("ordersync.operation", string(op)), attribute.String("ordersync.region", string(region)))
	return ctx, func(s spapi.Sent) {
		outcome := outcomeOf(s)
		span.SetAttributes(attribute.String("ordersync.outcome", outcome))
		if s.Status != 0 {
			span.SetAttributes(attribute.Int("http.response.status_code", s.Status))
		}
		if s.RequestID != "" {
			span.SetAttributes(attribute.String("amazon.request_id", s.RequestID))
		}
		if outcome != resultOK {
			span.SetStatus(codes.Error, outcome)
		}
		span.End()
	}
}

// transaction makes a span only within another: what the tick does every second would
// be nothing but noise.
func (t *Tracer) transaction(ctx context.Context, what string) (context.Context, func(error)) {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ctx, func(error) {}
	}
	ctx, span := t.start(ctx, "db "+what, trace.SpanKindClient, attribute.String("db.system.name", t.database), attribute.String("db.operation.name", what))
	return ctx, func(err error) { finish(span, err) }
}

// request begins the span of a request, in the trace that its traceparent names
// (W3C Trace Context).
func (t *Tracer) request(r *http.Request) (context.Context, trace.Span) {
	switch r.URL.Path {
	case "/livez", "/readyz", "/metrics":
		return r.Context(), noop.Span{}
	}
	ctx := propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
	return t.start(ctx, methodOf(r), trace.SpanKindServer, attribute.String("http.request.method", methodOf(r)))
}

// answered ends the span of a request.
func answered(span trace.Span, r *http.Request, answer *noted) {
	route := routeOf(r)
	span.SetName(methodOf(r) + " " + route)
	span.SetAttributes(attribute.String("http.route", route), attribute.Int("http.response.status_code", answer.status))
	if id := answer.Header().Get("X-Request-Id"); id != "" {
		span.SetAttributes(attribute.String("ordersync.request_id", id))
	}
	if answer.status >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}
