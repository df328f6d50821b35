package engine

import (
	"context"
	"crypto/rand"
	"errors"

	"ordersync"
)

// unknownToAmazon is what is said of an order that Amazon does not have.
const unknownToAmazon = "it knows this order at no connection of this tenant"

// askFailure says why asking Amazon for an order brought nothing. What is not
// for everybody goes into the log.
func (e *Engine) askFailure(ctx context.Context, err error) AskFailure {
	var throttled *ThrottledError
	var away *NotConnectedError
	var refused *RefusedError
	switch {
	case errors.Is(err, ErrNotFound):
		return AskFailure{Text: unknownToAmazon}
	case errors.Is(err, ErrOrderID):
		return AskFailure{Text: ErrOrderID.Error()}
	case errors.Is(err, ErrBusy):
		return AskFailure{Text: ErrBusy.Error()}
	case errors.Is(err, ErrUnreadable):
		return AskFailure{ordersync.AmazonBadResponse, ErrUnreadable.Error()}
	case errors.As(err, &throttled):
		return AskFailure{ordersync.AmazonRateLimit, throttled.Error()}
	case errors.As(err, &away):
		return AskFailure{away.Reason, away.Error()}
	case errors.As(err, &refused):
		e.log.WarnContext(ctx, "asking Amazon for an order failed", "reason", refused.Reason, "error", refused.Unwrap())
		return AskFailure{refused.Reason, refused.Error()}
	}
	id := rand.Text()[:12]
	e.log.ErrorContext(ctx, "asking Amazon for an order failed", "errorId", id, "error", err)
	return AskFailure{ordersync.UnknownError, "an error that ordersync does not know; look for " + id + " in the log"}
}

// sentence is the failure as a sentence of an explanation.
func (f AskFailure) sentence() string {
	switch {
	case f.Text == unknownToAmazon:
		return "Amazon was asked, and " + f.Text + "."
	case f.Reason == "":
		return "Amazon was not asked: " + f.Text + "."
	}
	return "Amazon was to be asked, and nothing came: " + f.Text + " (" + string(f.Reason) + ")."
}
