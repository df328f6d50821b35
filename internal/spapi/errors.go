package spapi

import (
	"fmt"
	"slices"
	"strings"

	"ordersync"
)

// TokenOperation is the [Error.Operation] of requests for access tokens. They
// cost no token of an API budget.
const TokenOperation ordersync.Operation = "token"

// Kind says what a failed call means.
type Kind string

// The kinds. Their table is [Kinds].
const (
	// Revoked: Login with Amazon says invalid_grant to the refresh token.
	Revoked Kind = "REVOKED"
	// AppCredentials: Login with Amazon does not know the client id or secret.
	AppCredentials Kind = "APP_CREDENTIALS"
	// AppSecretExpired: the client secret was not rotated in time. Access tokens
	// are still handed out, and every call is refused.
	AppSecretExpired Kind = "APP_SECRET_EXPIRED"
	// ClientMismatch: the refresh token was given to another application.
	ClientMismatch Kind = "CLIENT_MISMATCH"
	// Denied: a role, the region or the authorisation does not fit.
	Denied Kind = "DENIED"
	// Throttled: the budget is used up.
	Throttled Kind = "THROTTLED"
	// Unavailable: Amazon failed, or was not reached.
	Unavailable Kind = "UNAVAILABLE"
	// TimedOut: no complete answer within [Config.CallTimeout].
	TimedOut Kind = "TIMED_OUT"
	// BadResponse: an answer without readable structure.
	BadResponse Kind = "BAD_RESPONSE"
	// TooLarge: the answer is over [Config.BodyLimit] or Amazon's own limit.
	TooLarge Kind = "TOO_LARGE"
	// BadRequest: Amazon rejects the parameters, a dead pagination token among
	// them.
	BadRequest Kind = "BAD_REQUEST"
	// TooRecent: Amazon says that the window's end is less than two minutes old.
	TooRecent Kind = "TOO_RECENT"
	// NotEnrolled: the application has no queue registered for its notifications, so
	// that no new client secret could reach it.
	NotEnrolled Kind = "NOT_ENROLLED"
	// NotFound: Amazon has no such order for this seller.
	NotFound Kind = "NOT_FOUND"
	// Bug: the request was built wrongly.
	Bug Kind = "BUG"
	// Cancelled: the caller's context ended first.
	Cancelled Kind = "CANCELLED"
)

// KindInfo is one row of the table of kinds.
type KindInfo struct {
	Kind    Kind
	Reason  ordersync.Reason // what the kind alone says; the engine may know more
	English string           // completes the operation's name
}

var kindTable = []KindInfo{
	{Revoked, ordersync.TokenRevoked, "the refresh token is no longer valid"},
	{AppCredentials, ordersync.AppCredentialsInvalid, "the application's client id or secret is wrong"},
	{AppSecretExpired, ordersync.AppCredentialsInvalid, "the application's client secret has expired"},
	{ClientMismatch, ordersync.AccessDenied, "the refresh token does not belong to this application"},
	{Denied, ordersync.AccessDenied, "access is denied"},
	{Throttled, ordersync.AmazonRateLimit, "the budget is used up"},
	{Unavailable, ordersync.AmazonUnavailable, "Amazon is unavailable"},
	{TimedOut, ordersync.AmazonUnavailable, "Amazon did not answer in time"},
	{BadResponse, ordersync.AmazonBadResponse, "the answer cannot be read"},
	{TooLarge, ordersync.AmazonBadResponse, "the answer is too large"},
	{BadRequest, ordersync.RequestRejected, "the request was rejected"},
	{TooRecent, ordersync.ClockSkew, "the end of the window is too recent by Amazon's clock"},
	{NotEnrolled, ordersync.RequestRejected, "the application has no queue registered for its notifications"},
	{NotFound, ordersync.RequestRejected, "not found"},
	{Bug, ordersync.UnknownError, "the request was built wrongly"},
	{Cancelled, ordersync.Interrupted, "the call was cancelled"},
}

// Kinds is the closed list of kinds.
func Kinds() []KindInfo { return slices.Clone(kindTable) }

// Info is the kind's row.
func (k Kind) Info() KindInfo {
	for _, info := range kindTable {
		if info.Kind == k {
			return info
		}
	}
	return KindInfo{k, ordersync.UnknownError, "an unknown kind of error"}
}

// Error is a call that failed. Its text is safe to show: it holds no token, no
// address, and nothing of Amazon's but the error code and the request id.
type Error struct {
	Operation ordersync.Operation // or TokenOperation
	Kind      Kind
	Status    int    // of the HTTP answer; 0 when there was none
	Code      string // Amazon's own error code, cleaned and cut; "" when none
	Meta
	// detail is our own word on what failed, "" when the kind says it all.
	detail string
	cause  error // nil, or an error whose text may name an address
}

// Error says what was tried, what became of it, and where to look.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", e.Operation, e.Kind.Info().English)
	if e.detail != "" {
		fmt.Fprintf(&b, ": %s", e.detail)
	}
	var facts []string
	if e.Status != 0 {
		facts = append(facts, fmt.Sprintf("status %d", e.Status))
	}
	if e.Code != "" {
		facts = append(facts, "code "+e.Code)
	}
	if e.RequestID != "" {
		facts = append(facts, "request "+e.RequestID)
	}
	if facts != nil {
		fmt.Fprintf(&b, " (%s)", strings.Join(facts, ", "))
	}
	return b.String()
}

// Unwrap is the cause, for errors.Is and errors.As only: its text is not
// cleaned.
func (e *Error) Unwrap() error { return e.cause }

// Reason is what the error alone says of the connection. What needs memory
// (a revocation seen twice, an incident, a dead pagination token) is the
// engine's to decide.
func (e *Error) Reason() ordersync.Reason { return e.Kind.Info().Reason }
