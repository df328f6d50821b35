package telemetry

import (
	"context"
	"log/slog"
	"slices"

	"go.opentelemetry.io/otel/trace"
)

type idsKey struct{}

// WithID is a context whose lines of the log have an id, such as runId, besides those
// that they have already.
func WithID(ctx context.Context, name, id string) context.Context {
	have, _ := ctx.Value(idsKey{}).([]slog.Attr)
	return context.WithValue(ctx, idsKey{}, append(slices.Clip(have), slog.String(name, id)))
}

// joined is a handler that adds to each line the ids of its context.
type joined struct{ slog.Handler }

// Log adds to each line the ids by which lines and traces are joined: those of
// [WithID], and traceId and spanId where there is a span.
func Log(h slog.Handler) slog.Handler { return joined{h} }

// Handle adds the ids, unless the line has one of that name.
func (j joined) Handle(ctx context.Context, r slog.Record) error {
	ids, _ := ctx.Value(idsKey{}).([]slog.Attr)
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		ids = append(slices.Clip(ids), slog.String("traceId", span.TraceID().String()), slog.String("spanId", span.SpanID().String()))
	}
	if len(ids) == 0 {
		return j.Handler.Handle(ctx, r)
	}
	said := map[string]bool{}
	r.Attrs(func(a slog.Attr) bool { said[a.Key] = true; return true })
	r = r.Clone()
	for _, id := range ids {
		if !said[id.Key] {
			r.AddAttrs(id)
		}
	}
	return j.Handler.Handle(ctx, r)
}

// WithAttrs and WithGroup keep adding the ids.
func (j joined) WithAttrs(a []slog.Attr) slog.Handler { return joined{j.Handler.WithAttrs(a)} }

func (j joined) WithGroup(name string) slog.Handler { return joined{j.Handler.WithGroup(name)} }
