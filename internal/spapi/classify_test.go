package spapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"ordersync"
)

// unauthorized is Amazon's 403 body with details.
func unauthorized(details string) string {
	return fmt.Sprintf(`{"errors":[{"code":"Unauthorized","message":"Access to requested resource is denied.","details":%q}]}`, details)
}

func amazonError(code, message string) string {
	return fmt.Sprintf(`{"errors":[{"code":%q,"message":%q,"details":""}]}`, code, message)
}

func TestClassifyAPI(t *testing.T) {
	t.Parallel()
	const (
		generic   = "The input you have submitted is not valid. Please check your input and try again."
		twoMinute = "The input you have submitted is not valid. Note that the error may be due to a systematic delay in data retrieval. " +
			"The most updated data is 2 minutes after an order is created or last updated. If you set the CreatedBefore or LastUpdatedBefore parameters, " +
			"please provide a date that is at least 2 minutes before current time and try again."
		html = "<html><head><title>400 Bad Request</title></head></html>"
	)
	tests := []struct {
		name, errorType string
		status          int
		body            string
		kind            Kind
		code            string
		stale           bool
	}{
		// 4.11
		{"two minutes, now", "", 400, amazonError("InvalidInput", twoMinute), TooRecent, "InvalidInput", false},
		{"two minutes, 2021", "", 400, amazonError("InvalidInput", generic), BadRequest, "InvalidInput", false},
		// 6.1
		{"bad input", "", 400, amazonError("InvalidInput", "Invalid Input"), BadRequest, "InvalidInput", false},
		{"dead token", "", 400, amazonError("InvalidInput", "We could not decode your NextToken."), BadRequest, "InvalidInput", false},
		{"query string", "InvalidQueryStringException:http://x", 400, `{"message":null}`, BadRequest, "InvalidQueryStringException", false},
		{"null message", "", 400, `{"errors":[{"code":"InvalidInput","message":null}]}`, BadRequest, "InvalidInput", false},
		{"null body message", "", 400, `{"message":null}`, BadRequest, "", false},
		{"HTML", "", 400, html, BadRequest, "", false},
		{"empty 400", "", 400, "", BadRequest, "", false},
		{"401", "", 401, "", Denied, "", true},
		{"404", "", 404, amazonError("NotFound", "x"), NotFound, "NotFound", false},
		{"404 of an edge", "", 404, html, BadResponse, "", false},
		{"404 empty", "", 404, "", BadResponse, "", false},
		{"405", "", 405, "", BadRequest, "", false},
		{"408", "", 408, "", Unavailable, "", false},
		{"413", "", 413, "", TooLarge, "", false},
		{"415", "", 415, "", Bug, "", false},
		{"429", "", 429, amazonError("QuotaExceeded", "You exceeded your quota for the requested resource."), Throttled, "QuotaExceeded", false},
		{"429 empty", "", 429, "", Throttled, "", false},
		{"500", "", 500, amazonError("InternalFailure", "We encountered an internal error. Please try again."), Unavailable, "InternalFailure", false},
		{"502", "", 502, html, Unavailable, "", false},
		{"503", "", 503, "", Unavailable, "", false},
		{"504", "", 504, html, Unavailable, "", false},
		{"redirect", "", 302, "", BadResponse, "", false},
		{"no content", "", 204, "", BadResponse, "", false},
		// 6.2
		{"no role", "", 403, unauthorized(""), Denied, "Unauthorized", false},
		{"expired", "", 403, unauthorized("The access token you provided has expired."), Denied, "Unauthorized", true},
		{"revoked", "", 403, unauthorized("The access token you provided is revoked, malformed or invalid."), Denied, "Unauthorized", true},
		{"header missing", "", 403, unauthorized("Access token is missing in the request header."), Bug, "Unauthorized", false},
		{"app secret", "", 403, unauthorized("The LWA secret token you provided has expired."), AppSecretExpired, "Unauthorized", false},
		{"app secret as 401", "", 401, unauthorized("The LWA secret token you provided has expired."), AppSecretExpired, "Unauthorized", false},
		{"gateway path", "MissingAuthenticationTokenException", 403, `{"message":"Missing Authentication Token"}`, Bug, "MissingAuthenticationTokenException", false},
		{"gateway path by code", "", 403, amazonError("MissingAuthenticationToken", "x"), Bug, "MissingAuthenticationToken", false},
		{"gateway denial", "AccessDeniedException", 403, `{"message":null}`, Denied, "AccessDeniedException", false},
		{"foreign document", "", 403, amazonError("AccessDenied", "Access to the resource is forbidden"), Denied, "AccessDenied", false},
		{"hammered", "", 403, amazonError("Unauthorized", "Access to requested resource is forbidden"), Denied, "Unauthorized", false},
		{"HTML 403", "", 403, html, Denied, "", false},
		// Shapes that Amazon does not document.
		{"errors no array", "", 400, `{"errors":{"code":"P"}}`, BadRequest, "", false},
		{"code no string", "", 400, `{"errors":[{"code":7,"message":["x"]}]}`, BadRequest, "", false},
		{"second error has the words", "", 403, `{"errors":[{"code":"Unauthorized"},{"code":"X","details":"the LWA SECRET is old"}]}`, AppSecretExpired, "Unauthorized", false},
	}
	for _, tt := range tests {
		got := classifyAPI(answer{status: tt.status, body: []byte(tt.body), header: http.Header{"X-Amzn-Errortype": {tt.errorType}}})
		if got.kind != tt.kind || got.code != tt.code || got.staleToken != tt.stale {
			t.Errorf("%s: %+v, want %s, code %q, stale token %v", tt.name, got, tt.kind, tt.code, tt.stale)
		}
	}
}

func TestClassifyLWA(t *testing.T) {
	t.Parallel()
	tests := []struct {
		grant  source
		status int
		body   string
		kind   Kind
	}{
		{fromRefresh, 400, `{"error":"invalid_grant","error_description":"The request has an invalid grant parameter : refresh_token. User may have revoked or didn't grant the permission."}`, Revoked},
		{fromRefresh, 400, `{"error":"invalid_grant"}`, Revoked},
		{fromRefresh, 500, `{"error":"invalid_grant"}`, Unavailable},
		{fromRefresh, 401, `{"error":"invalid_grant"}`, BadResponse},
		{fromCode, 400, `{"error":"invalid_grant","error_description":"The request has an invalid grant parameter : code"}`, Denied},
		{fromScope, 400, `{"error":"invalid_grant"}`, BadResponse},
		{fromRefresh, 401, `{"error":"invalid_client","error_description":"Client authentication failed"}`, AppCredentials},
		{fromRefresh, 400, `{"error":"invalid_client"}`, AppCredentials},
		{fromRefresh, 400, `{"error":"unauthorized_client","error_description":"Not authorized for requested operation"}`, ClientMismatch},
		{fromRefresh, 403, `{"error":"access_denied"}`, ClientMismatch},
		{fromRefresh, 400, `{"error":"unsupported_grant_type"}`, Bug},
		{fromRefresh, 400, `{"error":"invalid_request"}`, Bug},
		{fromScope, 400, `{"error":"invalid_scope"}`, Bug},
		{fromRefresh, 500, `{"error":"server_error"}`, Unavailable},
		{fromRefresh, 400, `{"error":"temporarily_unavailable"}`, Unavailable},
		{fromRefresh, 503, `<html>`, Unavailable},
		{fromRefresh, 429, ``, Unavailable},
		{fromRefresh, 408, ``, Unavailable},
		{fromRefresh, 400, ``, BadResponse},
		{fromRefresh, 400, `<html>invalid_grant</html>`, BadResponse},
		{fromRefresh, 400, `{"error":{"a":1}}`, BadResponse},
		{fromRefresh, 302, ``, BadResponse},
	}
	for _, tt := range tests {
		if got := classifyLWA(tt.grant, answer{status: tt.status, body: []byte(tt.body)}); got.kind != tt.kind {
			t.Errorf("%d %s: %s, want %s", tt.status, tt.body, got.kind, tt.kind)
		}
	}
}

func TestClassifierTable(t *testing.T) {
	t.Parallel()
	used := map[Kind]bool{TimedOut: true, Cancelled: true} // decided by the transport
	for i, r := range rows {
		if r.fact == "" || r.source == 0 || r.from > r.to {
			t.Errorf("row %d is not filled in: %+v", i, r)
		}
		for _, word := range append(append([]string{}, r.codes...), r.words...) {
			if word != strings.ToLower(word) {
				t.Errorf("row %d: %q can never match", i, word)
			}
		}
		used[r.kind] = true
	}
	reasons := map[ordersync.Reason]bool{}
	for _, info := range ordersync.Reasons() {
		reasons[info.Code] = true
	}
	for _, info := range Kinds() {
		if !used[info.Kind] || info.English == "" || !reasons[info.Reason] {
			t.Errorf("kind %+v is not filled in or never used", info)
		}
		delete(used, info.Kind)
	}
	for kind := range used {
		t.Errorf("kind %s is not in the table", kind)
	}
	for s := fromAPI; s <= fromScope; s <<= 1 {
		for status := range 1000 {
			if r := classify(answered{source: s, status: status}); r.fact == "" {
				t.Errorf("source %d, status %d falls through", s, status)
			}
		}
	}
}

func TestErrorTextIsSafe(t *testing.T) {
	t.Parallel()
	secret := "Atza|SECRET"
	fake := &amazon{api: func(r *http.Request) *http.Response {
		return respond(400, `{"errors":[{"code":"Invalid\nInput\u0007`+strings.Repeat("x", 100)+`","message":"buyer Jane SECRET","details":"SECRET"}]}`, "x-amzn-RequestId", "req\n-1")
	}}
	_, err := newTestClient(t, fake).SearchOrders(t.Context(), seller(secret), allGroups, "a=b", secret)
	var failed *Error
	if !errors.As(err, &failed) || failed.Kind != BadRequest || failed.Reason() != ordersync.RequestRejected || failed.Calls != 1 {
		t.Fatalf("error %+v", err)
	}
	if failed.Code != "InvalidInput"+strings.Repeat("x", 52) || failed.RequestID != "req-1" {
		t.Errorf("code %q, request id %q", failed.Code, failed.RequestID)
	}
	if text := err.Error(); strings.Contains(text, "SECRET") || strings.ContainsAny(text, "\n\a") {
		t.Errorf("error text %q", text)
	}
}

func TestNetworkErrorsNameNoAddress(t *testing.T) {
	t.Parallel()
	transport := roundTrip(func(r *http.Request) (*http.Response, error) {
		return nil, &url.Error{Op: "Get", URL: r.URL.String(), Err: errors.New("broken SECRET")}
	})
	_, err := newTestClient(t, transport).SearchOrders(t.Context(), seller("SECRET"), allGroups, "a=b", "SECRET")
	if err == nil || strings.Contains(err.Error(), "SECRET") || strings.Contains(err.Error(), "http") {
		t.Errorf("error %v", err)
	}
}

func TestUnknownKind(t *testing.T) {
	t.Parallel()
	if got := (&Error{Kind: "NEW"}).Reason(); got != ordersync.UnknownError {
		t.Errorf("reason %s", got)
	}
}

// Whatever Amazon refuses with: the verdict is of the table, an authorisation is
// lost by Amazon's own word only, and the error repeats nothing of the body but a
// short code.
func FuzzErrors(f *testing.F) {
	f.Add(403, "Unauthorized", unauthorized("The access token you provided has expired."))
	f.Add(400, "", `{"message":null}`)
	f.Add(503, "", "<html>")
	f.Add(400, "", `{"error":"invalid_grant","error_description":"The request has an invalid grant parameter"}`)
	f.Add(400, "", `{"errors":[{"code":7,"message":[],"details":{}},{"code":"InvalidInput","message":"at least 2 minutes before"}]}`)
	f.Add(404, "NotFound:http://internal.amazon.com/", "")
	f.Add(429, "QuotaExceeded", `{"errors":null}`)
	f.Add(-1, "\x00\xff", `{"errors":[{"code":"`+strings.Repeat("é A", 40)+`"}]}`)
	f.Fuzz(func(t *testing.T, status int, errorType, body string) {
		got := answer{status: status, body: []byte(body), header: http.Header{"X-Amzn-Errortype": {errorType}}}
		for _, verdict := range []verdict{classifyAPI(got), classifyLWA(fromRefresh, got), classifyLWA(fromCode, got), classifyLWA(fromScope, got)} {
			if verdict.kind.Info().Reason == ordersync.UnknownError && verdict.kind != Bug || len(verdict.code) > maxCode || visible(verdict.code) != strings.TrimSpace(verdict.code) {
				t.Errorf("verdict %+v", verdict)
			}
			if verdict.kind == Revoked && (status != 400 || !json.Valid([]byte(body))) {
				t.Error("revoked without Amazon's word")
			}
			said := verdict.error(ordersync.SearchOrders, got).Error()
			if len(body) > maxCode && strings.Contains(said, body) || len(said) > 300 {
				t.Errorf("it says %q", said)
			}
		}
		if classifyAPI(got).kind == Revoked || classifyLWA(fromCode, got).kind == Revoked {
			t.Error("revoked by an answer that was not asked with a refresh token")
		}
	})
}
