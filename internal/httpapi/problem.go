package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"

	"github.com/danielgtaylor/huma/v2"
)

// problemType is the content type of problem documents.
const problemType = "application/problem+json"

// Problem is what is answered to a request that could not be served: RFC 9457,
// with the fields that were wrong.
type Problem struct { //nolint:errname // RFC 9457 calls it so
	Title      string            `json:"title" doc:"The status in words."`
	Status     int               `json:"status" doc:"The HTTP status."`
	Detail     string            `json:"detail" doc:"What is wrong and what to do about it."`
	Code       string            `json:"code,omitempty" doc:"A word for programs, where the status does not say enough."`
	RequestID  string            `json:"requestId,omitempty" doc:"The same id is in the log."`
	ReasonCode ordersync.Reason  `json:"reasonCode,omitempty" doc:"Why a connection could not be asked."`
	Checks     map[string]string `json:"checks,omitempty" doc:"Of a probe: what was looked at, each ok or failed."`
	Errors     []FieldError      `json:"errors,omitempty" nullable:"false" doc:"The fields that are wrong."`
	after      time.Duration     // to be tried again after; 0: nothing is said
	location   string            // what goes on although this request ended
}

// FieldError says what is wrong with one field of a request. The value itself is
// not repeated: it may be a secret in the wrong place.
type FieldError struct {
	Field   string `json:"field" doc:"Where it stands, such as query.limit or body.days."`
	Message string `json:"message" doc:"What is expected."`
}

// GetStatus is the HTTP status, for huma.
func (p *Problem) GetStatus() int { return p.Status }

func (p *Problem) Error() string { return p.Detail }

// ContentType names a problem document as such, for huma.
func (p *Problem) ContentType(string) string { return problemType }

// GetHeaders are the headers that belong to the problem, for huma.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.after.Seconds()))))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="ordersync"`)
	}
	if p.location != "" {
		h.Set("Location", p.location)
	}
	return h
}

// problem makes a problem document.
func problem(status int, format string, args ...any) *Problem {
	title := http.StatusText(status)
	if status == statusClientGone {
		title = "Client Closed Request"
	}
	return &Problem{Title: title, Status: status, Detail: fmt.Sprintf(format, args...)}
}

// badField says that a field of the request is wrong.
func badField(field, format string, args ...any) *Problem {
	message := fmt.Sprintf(format, args...)
	p := problem(http.StatusUnprocessableEntity, "%s: %s", field, message)
	p.Errors = []FieldError{{field, message}}
	return p
}

// statusClientGone is what the log says of a request whose client did not wait
// for the answer; nobody reads the answer itself.
const statusClientGone = 499

// databaseAgain is when a client may ask again after the database was down.
const databaseAgain = 5 * time.Second

// problemOf is the problem document of an error.
func (s *server) problemOf(ctx context.Context, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	if p := s.askedAmazon(ctx, err); p != nil {
		return p
	}
	var retention *engine.RetentionError
	var future *engine.FutureError
	switch {
	case errors.As(err, &retention):
		return problem(http.StatusUnprocessableEntity, "%s", retention.Error())
	case errors.As(err, &future):
		return problem(http.StatusUnprocessableEntity, "%s", future.Error())
	case errors.Is(err, store.ErrNotFound):
		return notFound()
	case ctx.Err() != nil:
		return problem(statusClientGone, "the client did not wait for the answer")
	}
	return s.unexpected(ctx, err)
}

// askedAmazon is the problem document of an error that asking Amazon for one
// order can end with; nil for any other.
func (s *server) askedAmazon(ctx context.Context, err error) *Problem {
	var throttled *engine.ThrottledError
	var away *engine.NotConnectedError
	var refused *engine.RefusedError
	switch {
	case errors.As(err, &throttled):
		p := problem(http.StatusTooManyRequests, "%s", throttled.Error())
		p.ReasonCode, p.after = ordersync.AmazonRateLimit, max(throttled.ResumesAt.Sub(s.Now()), time.Second)
		return p
	case errors.As(err, &away):
		p := problem(http.StatusBadRequest, "%s", away.Error())
		p.Code, p.ReasonCode = "NO_ACTIVE_CHANNEL", away.Reason // the code is the predecessor's
		return p
	case errors.As(err, &refused):
		s.Log.WarnContext(ctx, "Amazon or the secret store refused", "requestId", callOf(ctx).id, "reason", refused.Reason, "error", refused.Unwrap())
		p := problem(http.StatusBadGateway, "%s", refused.Error())
		p.ReasonCode = refused.Reason
		return p
	case errors.Is(err, engine.ErrUnreadable):
		p := problem(http.StatusBadGateway, "%s", engine.ErrUnreadable)
		p.ReasonCode = ordersync.AmazonBadResponse
		return p
	case errors.Is(err, engine.ErrBusy):
		p := problem(http.StatusConflict, "%s", engine.ErrBusy)
		p.after = time.Minute
		return p
	}
	return nil
}

// unexpected is the problem document of an error that no request should cause:
// the database is down, or we are wrong. The error goes into the log only.
func (s *server) unexpected(ctx context.Context, err error) *Problem {
	id := callOf(ctx).id
	probing, done := context.WithTimeout(context.WithoutCancel(ctx), probeTime)
	defer done()
	if down := s.Reader.Ping(probing); down != nil {
		s.Log.ErrorContext(ctx, "the database does not answer", "requestId", id, "error", err)
		p := problem(http.StatusServiceUnavailable, "the database does not answer: ask again")
		p.after = databaseAgain
		return p
	}
	if store.IsFileTrouble(err) {
		s.Log.ErrorContext(ctx, "the database file cannot be used", "requestId", id, "error", err)
		p := problem(http.StatusServiceUnavailable, "the database cannot do this now: ask again; the log says what is wrong with it")
		p.after = databaseAgain
		return p
	}
	if errors.Is(err, context.DeadlineExceeded) {
		s.Log.WarnContext(ctx, "a read took too long", "requestId", id, "error", err)
		p := problem(http.StatusServiceUnavailable, "the database took too long for this: ask for less, such as a shorter span of dates, or ask again")
		p.after = databaseAgain
		return p
	}
	s.Log.ErrorContext(ctx, "request failed", "requestId", id, "error", err)
	return problem(http.StatusInternalServerError, "an error of ordersync's own; the request id is in its log")
}

// notFound is the one answer to what is not there and to what is not the
// caller's to see.
func notFound() *Problem {
	return problem(http.StatusNotFound, "there is no such thing here, or it is not yours: check the id")
}

// finishProblem turns huma's own errors into problem documents of ours, which
// repeat no values, and adds the id of the request.
func (s *server) finishProblem(ctx huma.Context, _ string, v any) (any, error) {
	if e, ok := v.(*huma.ErrorModel); ok {
		v = fromHuma(e)
	}
	if p, ok := v.(*Problem); ok {
		with := *p
		with.RequestID = callOf(ctx.Context()).id
		return &with, nil
	}
	return v, nil
}

// shownErrors is how many wrong fields are listed.
const shownErrors = 20

func fromHuma(e *huma.ErrorModel) *Problem {
	p := problem(e.Status, "%s", e.Detail)
	for _, d := range e.Errors {
		if d == nil || len(p.Errors) == shownErrors {
			break
		}
		p.Errors = append(p.Errors, FieldError{fieldShown(d.Location), d.Message})
	}
	if len(p.Errors) > 0 {
		p.Detail = "the request is not understood: " + p.Errors[0].Field + ": " + p.Errors[0].Message
	}
	return p
}

// fieldShape is what the place of a field looks like, by its true name or by one
// that was misspelt.
var fieldShape = regexp.MustCompile(`^[a-z]{0,8}(\.[A-Za-z_-]{1,32}(\[\d{1,6}\])*)*$`)

// fieldShown is the place of a field. A name that no field could have is left
// out: a secret may stand there by mistake.
func fieldShown(location string) string {
	if fieldShape.MatchString(location) {
		return location
	}
	in, _, _ := strings.Cut(location, ".")
	if !fieldShape.MatchString(in) {
		in = "request"
	}
	return in + ": a field with an odd name"
}

// shown makes text of a caller safe to repeat.
func shown(s string) string {
	quoted := ordersync.ShowBytes([]byte(s))
	return quoted[1 : len(quoted)-1]
}

// write answers with the problem where huma is not at hand.
func (p *Problem) write(w http.ResponseWriter, r *http.Request) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	with := *p
	with.RequestID = callOf(r.Context()).id
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(with)
}
