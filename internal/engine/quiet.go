package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// quietFor is how long the doorbells do not repeat themselves.
const quietFor = 10 * time.Second

// quietHandler passes on what the doorbells say. Their comings and goings are no
// news, so they are told to who debugs; and while the database is away each of
// their parts says so several times a second: the same words come once in a while.
type quietHandler struct {
	slog.Handler
	said *saidBefore
}

// saidBefore is when something was said last.
type saidBefore struct {
	mu   sync.Mutex
	last map[string]time.Time
}

// quiet is River's logger.
func quiet(log *slog.Logger) *slog.Logger {
	return slog.New(quietHandler{log.With("part", "doorbells").Handler(), &saidBefore{last: map[string]time.Time{}}})
}

func (h quietHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.Handler.Enabled(ctx, lowered(level))
}

// Handle passes a record on, unless the same words were passed on just before.
func (h quietHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn && !h.said.news(r.Message, r.Time) {
		return nil
	}
	r.Level = lowered(r.Level)
	return h.Handler.Handle(ctx, r)
}

// WithAttrs and WithGroup keep what was said before.
func (h quietHandler) WithAttrs(a []slog.Attr) slog.Handler {
	return quietHandler{h.Handler.WithAttrs(a), h.said}
}

func (h quietHandler) WithGroup(name string) slog.Handler {
	return quietHandler{h.Handler.WithGroup(name), h.said}
}

// lowered is the level at which what is no news is told.
func lowered(l slog.Level) slog.Level {
	if l == slog.LevelInfo {
		return slog.LevelDebug
	}
	return l
}

// news tells whether words were not said lately. The words are River's own and
// few; what varies stands in attributes.
func (s *saidBefore) news(words string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, ok := s.last[words]; ok && now.Sub(last) < quietFor {
		return false
	}
	s.last[words] = now
	return true
}
