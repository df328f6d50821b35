package spapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"ordersync"
)

// source is who answered, and to what.
type source uint8

const (
	fromAPI source = 1 << iota
	fromRefresh
	fromCode
	fromScope

	fromLWA = fromRefresh | fromCode | fromScope
)

// answered is what the classifier looks at. All texts are in small letters.
type answered struct {
	source    source
	status    int
	code      string // errors[0].code, or LWA's error
	errorType string // x-amzn-ErrorType
	text      string // every message and details, or LWA's error_description
}

// verdict is what an answer means.
type verdict struct {
	kind       Kind
	staleToken bool // a fresh access token may cure it
	code       string
}

// row is one line of the classifier. An empty condition holds always; codes and
// words are substrings in small letters, one of which must occur.
type row struct {
	source   source
	from, to int // status
	codes    []string
	words    []string
	kind     Kind
	stale    bool
	fact     string // where it is known from
}

// rows are tried in order; the last of each source holds always. Amazon's texts
// are unstable: each is matched by the few words that carry its meaning, and
// what is not recognised gets the reading that harms least.
var rows = []row{
	// Login with Amazon. facts 2.2
	{fromRefresh, 400, 400, []string{"invalid_grant"}, nil, Revoked, false, "2.2 invalid_grant of a refresh token"},
	{fromCode, 400, 400, []string{"invalid_grant"}, nil, Denied, false, "2.2 invalid_grant of a code: expired, used, other redirect"},
	{fromLWA, 400, 499, []string{"invalid_client"}, nil, AppCredentials, false, "2.2 invalid_client"},
	{fromLWA, 400, 499, []string{"unauthorized_client", "access_denied"}, nil, ClientMismatch, false, "2.2 unauthorized_client, access_denied"},
	{fromLWA, 400, 499, []string{"unsupported_grant_type", "invalid_request", "invalid_scope"}, nil, Bug, false, "2.2 malformed request"},
	{fromLWA, 400, 599, []string{"server_error", "temporarily_unavailable"}, nil, Unavailable, false, "2.2 transient"},
	{fromLWA, 500, 599, nil, nil, Unavailable, false, "2.2 5xx"},
	{fromLWA, 429, 429, nil, nil, Unavailable, false, "2.1 LWA's throttling is not documented; no budget of the seller's is meant"},
	{fromLWA, 408, 408, nil, nil, Unavailable, false, "HTTP: the server gave up waiting"},
	{fromLWA, 0, 999, nil, nil, BadResponse, false, "2.2 everything else is no verdict"},

	// The API, by words first: one code has many meanings. facts 6.2, 4.11
	{fromAPI, 401, 403, nil, []string{"lwa secret"}, AppSecretExpired, false, "6.2, 2.3 client secret not rotated"},
	{fromAPI, 401, 403, []string{"missingauthenticationtoken"}, nil, Bug, false, "6.2 unknown path or method at the gateway"},
	{fromAPI, 401, 403, nil, []string{"access token is missing"}, Bug, false, "6.2 header not sent"},
	{fromAPI, 403, 403, nil, []string{"access token you provided", "token has expired", "token is revoked"}, Denied, true, "6.2 expired; revoked, malformed or invalid"},
	{fromAPI, 401, 401, nil, nil, Denied, true, "6.1 401: refresh once"},
	{fromAPI, 403, 403, nil, nil, Denied, false, "6.2 all other 403"},
	{fromAPI, 400, 400, nil, []string{"systematic delay in data retrieval", "at least 2 minutes before"}, TooRecent, false, "4.11 two-minute rule"},
	{fromAPI, 400, 400, []string{"invalidinput"}, []string{"not enrolled"}, NotEnrolled, false, "7.6 no queue for rotation notifications"},
	{fromAPI, 400, 400, nil, nil, BadRequest, false, "6.1 400, also HTML and empty bodies"},
	{fromAPI, 404, 404, []string{"notfound"}, nil, NotFound, false, "6.1 404 NotFound"},
	{fromAPI, 404, 404, nil, nil, BadResponse, false, "a 404 without Amazon's code may come from any edge: an order is not gone by it"},
	{fromAPI, 408, 408, nil, nil, Unavailable, false, "HTTP: the server gave up waiting"},
	{fromAPI, 413, 413, nil, nil, TooLarge, false, "6.1 413"},
	{fromAPI, 415, 415, nil, nil, Bug, false, "6.1 415"},
	{fromAPI, 429, 429, nil, nil, Throttled, false, "6.1 429"},
	{fromAPI, 500, 599, nil, nil, Unavailable, false, "6.1 500, 502, 503, 504"},
	{fromAPI, 400, 499, nil, nil, BadRequest, false, "6.1 other 4xx"},
	{fromAPI, 0, 999, nil, nil, BadResponse, false, "redirects and successes without a body"},
}

// classify is the only place that reads Amazon's texts.
func classify(a answered) row {
	for _, r := range rows {
		if r.source&a.source != 0 && a.status >= r.from && a.status <= r.to &&
			(r.codes == nil || containsAny(a.code, r.codes) || containsAny(a.errorType, r.codes)) &&
			(r.words == nil || containsAny(a.text, r.words)) {
			return r
		}
	}
	return row{kind: BadResponse}
}

func containsAny(s string, words []string) bool {
	for _, word := range words {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}

// classifyAPI judges an answer of the API that is no 200.
func classifyAPI(got answer) verdict {
	var body struct {
		Errors []struct{ Code, Message, Details looseText }
		looseMessage
	}
	// A body that is HTML, empty or cut leaves the fields empty: the status decides.
	_ = json.Unmarshal(got.body, &body)
	errorType := got.header.Get("x-amzn-ErrorType")
	a := answered{source: fromAPI, status: got.status, errorType: strings.ToLower(errorType)}
	code := ""
	var text strings.Builder
	text.WriteString(string(body.Message))
	for _, e := range body.Errors {
		if code == "" {
			code = string(e.Code)
		}
		text.WriteString("\n" + string(e.Message) + "\n" + string(e.Details))
	}
	if code == "" {
		code, _, _ = strings.Cut(errorType, ":")
	}
	a.code, a.text = strings.ToLower(code), strings.ToLower(text.String())
	r := classify(a)
	return verdict{r.kind, r.stale, cleanCode(code)}
}

// classifyLWA judges an answer of Login with Amazon that brought no token.
func classifyLWA(grant source, got answer) verdict {
	var body struct {
		Error       looseText `json:"error"`
		Description looseText `json:"error_description"`
	}
	_ = json.Unmarshal(got.body, &body)
	r := classify(answered{
		source: grant, status: got.status,
		code: strings.ToLower(string(body.Error)),
		text: strings.ToLower(string(body.Description)),
	})
	return verdict{r.kind, r.stale, cleanCode(string(body.Error))}
}

// looseMessage is the body {"message":null} that Amazon's gateway sends.
type looseMessage struct{ Message looseText }

// looseText is a JSON string; any other value is taken as "".
type looseText string

// UnmarshalJSON never fails.
func (t *looseText) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*t = looseText(s)
	}
	return nil
}

// maxCode is how much of Amazon's error code is kept, in bytes.
const maxCode = 64

func cleanCode(code string) string { return cutText(visible(code), maxCode) }

func (v verdict) error(op ordersync.Operation, got answer) *Error {
	return &Error{Operation: op, Kind: v.kind, Status: got.status, Code: v.code, Meta: got.meta}
}

var errOtherOrder = errors.New("it is another order than was asked for")

// badAnswer is a 200 without readable structure. The text of err is ours.
func badAnswer(op ordersync.Operation, got answer, err error) *Error {
	return &Error{Operation: op, Kind: BadResponse, Status: http.StatusOK, Meta: got.meta, detail: err.Error(), cause: err}
}
