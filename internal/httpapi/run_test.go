package httpapi_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/httpapi"
)

var (
	begin = time.Date(2026, 1, 12, 2, 54, 23, 456_789_000, time.FixedZone("Paris", 3600))
	end   = begin.Add(8126 * time.Millisecond)
)

// When a run counts as finished, and how long it took.
func TestRunIsFinished(t *testing.T) {
	settled := ordersync.Target{SettledAt: end, Outcome: ordersync.Outcome{Reason: ordersync.Success}}
	for _, c := range []struct {
		name     string
		run      ordersync.Run
		targets  []ordersync.Target
		finished bool
		duration int64
	}{
		{"its targets are being written", ordersync.Run{State: ordersync.RunOpening}, nil, false, 60_000},
		{"one is open", ordersync.Run{State: ordersync.RunOpen, Summary: ordersync.Summary{Total: 2, Success: 1}}, []ordersync.Target{settled, {}}, false, 60_000},
		{"all are settled", ordersync.Run{State: ordersync.RunOpen, Summary: ordersync.Summary{Total: 1, Success: 1}}, []ordersync.Target{settled}, true, 8126},
		{"nothing to do", ordersync.Run{State: ordersync.RunOpen}, nil, true, 0},
		{"finished", ordersync.Run{State: ordersync.RunFinished, FinishedAt: begin.Add(9 * time.Second), Summary: ordersync.Summary{Total: 1, Failed: 1}}, []ordersync.Target{settled}, true, 9000},
	} {
		c.run.OpenedAt = begin
		got := httpapi.RunOf(c.run, c.targets, begin.Add(time.Minute))
		if got.Finished != c.finished || got.Success != c.finished || got.TotalDuration != c.duration || (got.FinishedAt != nil) != c.finished {
			t.Errorf("%s: %+v", c.name, got)
		}
		if *got.StartedAt != "2026-01-12T01:54:23.456Z" {
			t.Errorf("%s: began %s", c.name, *got.StartedAt)
		}
	}
}

// What a target's outcome looks like to users.
func TestResult(t *testing.T) {
	for _, c := range []struct {
		name string
		o    ordersync.Outcome
		want string // beyond the tenant and the counts
	}{
		{"success has no message", ordersync.Outcome{Reason: ordersync.Success, Message: "odd", Confirmed: true}, `{"confirmed":true,"reasonCode":"SUCCESS","status":"success"}`},
		{"the reason's own sentence", ordersync.Outcome{Reason: ordersync.TokenMissing},
			`{"confirmed":false,"message":"No refresh token in Vault - reconnect Amazon required","reasonCode":"TOKEN_MISSING","status":"skipped","whoActs":"tenant"}`},
		{"a message of its own", ordersync.Outcome{Reason: ordersync.NotConnected, Message: "no marketplace"},
			`{"confirmed":false,"message":"no marketplace","reasonCode":"NOT_CONNECTED","status":"skipped","whoActs":"tenant"}`},
		{"nobody acts yet", ordersync.Outcome{Reason: ordersync.TokenRevoked, Message: "x"}, `{"confirmed":false,"message":"x","reasonCode":"TOKEN_REVOKED","status":"skipped"}`},
		{"somebody acts once confirmed", ordersync.Outcome{Reason: ordersync.TokenRevoked, Message: "x", Confirmed: true},
			`{"confirmed":true,"message":"x","reasonCode":"TOKEN_REVOKED","status":"skipped","whoActs":"tenant"}`},
		{"goes on at a time", ordersync.Outcome{Reason: ordersync.AmazonRateLimit, Message: "x", ResumesAt: end},
			`{"confirmed":false,"message":"x","reasonCode":"AMAZON_RATE_LIMIT","resumesAt":"2026-01-12T01:54:31.582Z","status":"partial"}`},
		{"a bug has an id", ordersync.Outcome{Reason: ordersync.UnknownError, Message: "x", ErrorID: "ABC"},
			`{"confirmed":false,"errorId":"ABC","message":"x","reasonCode":"UNKNOWN_ERROR","status":"failed","whoActs":"developers of ordersync"}`},
	} {
		got := result(t, ordersync.Target{Tenant: "t", Connection: 7, Region: "eu", SettledAt: end, Outcome: c.o})
		for _, field := range []string{"tenantId", "connectionId", "region", "ordersProcessed", "itemsProcessed", "ordersCreated", "ordersChanged", "setAside"} {
			if _, ok := got[field]; !ok {
				t.Errorf("%s: %s is missing", c.name, field)
			}
			delete(got, field)
		}
		if text, _ := json.Marshal(got); string(text) != c.want {
			t.Errorf("%s: %s, want %s", c.name, text, c.want)
		}
	}
}

// An open target tells nothing yet, and what its columns hold is no count.
func TestOpenResult(t *testing.T) {
	got := result(t, ordersync.Target{Tenant: "t", Connection: 7, Region: "eu", Outcome: ordersync.Outcome{Reason: ordersync.Success}})
	for _, field := range []string{"status", "reasonCode", "message", "whoActs"} {
		if v, ok := got[field]; ok {
			t.Errorf("%s is %v", field, v)
		}
	}
}

// Counts and repairs stand beside the outcome; old values are shown escaped.
func TestResultCountsAndRepairs(t *testing.T) {
	target := ordersync.Target{
		Tenant: "t", Connection: 7, Region: "eu", SettledAt: end, Outcome: ordersync.Outcome{Reason: ordersync.Success},
		Counts: ordersync.Counts{OrdersReceived: 5, ItemsReceived: 7, OrdersCreated: 3, OrdersChanged: 2, SetAside: 1},
		Repairs: []ordersync.Repair{
			{Code: ordersync.InvalidDateFixed, Old: []byte("f45c563a-c72e-4025-abe9-96d8d0a86a69"), New: "2026-01-05T01:54:23.000Z", At: end},
			{Code: ordersync.InvalidDateFixed, Old: []byte("\x00\xff\u202e\n\"" + strings.Repeat("x", 100)), New: "n", At: end},
		},
	}
	got := result(t, target)
	for field, want := range map[string]any{
		"connectionId": "7", "ordersProcessed": 5., "itemsProcessed": 7., "ordersCreated": 3., "ordersChanged": 2., "setAside": 1.,
	} {
		if got[field] != want {
			t.Errorf("%s is %v, want %v", field, got[field], want)
		}
	}
	repairs := got["repairs"].([]any)
	first, second := repairs[0].(map[string]any), repairs[1].(map[string]any)
	if first["code"] != "INVALID_DATE_FIXED" || first["old"] != "f45c563a-c72e-4025-abe9-96d8d0a86a69" ||
		first["new"] != "2026-01-05T01:54:23.000Z" || first["at"] != "2026-01-12T01:54:31.582Z" {
		t.Errorf("%v", first)
	}
	old, _ := second["old"].(string)
	if !strings.HasPrefix(old, `\x00\xff\u202e\n\"xxx`) || len(old) > 100 || !strings.HasSuffix(old, "x…") {
		t.Errorf("an odd old value is shown as %q", old)
	}
}

// Lists are lists, also when they are empty, and the seed's codes come first.
func TestEmptyRun(t *testing.T) {
	text, err := json.Marshal(httpapi.RunOf(ordersync.Run{Mode: ordersync.GlobalRun, State: ordersync.RunFinished, OpenedAt: begin, FinishedAt: begin}, nil, begin))
	if err != nil {
		t.Fatal(err)
	}
	for _, words := range []string{
		`"mode":"global"`, `"results":[]`, `"summary":{"total":0,"success":0,"partial":0,"skipped":0,"failed":0}`,
		`"reasonCodes":["SUCCESS","LOCK_UNAVAILABLE","NOT_CONNECTED","TOKEN_MISSING","INVALID_DATE_FIXED","AMAZON_RATE_LIMIT","UNKNOWN_ERROR",`,
	} {
		if !strings.Contains(string(text), words) {
			t.Errorf("%s is missing in %s", words, text)
		}
	}
	if strings.Contains(string(text), "tenantId") {
		t.Errorf("a global run names a tenant: %s", text)
	}
}

func result(t *testing.T, target ordersync.Target) map[string]any {
	t.Helper()
	text, err := json.Marshal(httpapi.RunOf(ordersync.Run{}, []ordersync.Target{target}, end).Results[0])
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}
