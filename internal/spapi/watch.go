package spapi

import (
	"context"
	"errors"
	"time"

	"ordersync"
)

// Sent is how a request to Amazon ended.
type Sent struct {
	// Status is of the answer; 0: there was none.
	Status int
	// Kind says what went wrong before there was a whole answer; "": it came.
	Kind Kind
	// RequestID is Amazon's; "" when none.
	RequestID string
	Took      time.Duration // headers and body
}

// Watch is told that a request of an operation, [TokenOperation] among them, is about
// to be sent. Region is "" for those that have none. What it returns is the context
// of the request, and is told how it ended. It is called by many goroutines at once.
type Watch func(ctx context.Context, op ordersync.Operation, region ordersync.Region) (context.Context, func(Sent))

// sentOf is how a request ended, for who watches.
func sentOf(got answer, err error) Sent {
	s := Sent{Status: got.status, RequestID: got.meta.RequestID, Took: got.end.Sub(got.start)}
	var failed *Error
	if errors.As(err, &failed) {
		s.Kind = failed.Kind
	}
	return s
}
