package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

// What each trouble of the simulator's is called in the end. The tables are held
// against the simulator's own lists: a trouble that is added there needs a row
// here.

// ending is what becomes of a tenant whose trouble lasts.
type ending struct {
	reason    string
	confirmed bool
	// lucky: each call may fail and may not, so that the tenant is asked again
	// until it has had luck. Before that unlucky is its reason.
	unlucky string
	pages   bool // the trouble shows in windows of several pages only
	gap     bool // a gap stays, however long it is tried
	alone   bool // the trouble says something of the whole fleet: see TestTroublesOfAll
}

var (
	well        = ending{reason: "SUCCESS"}
	denied      = ending{reason: "ACCESS_DENIED", confirmed: true}
	unavailable = ending{reason: "AMAZON_UNAVAILABLE"}
	unreadable  = ending{reason: "AMAZON_BAD_RESPONSE"}
	rejected    = ending{reason: "REQUEST_REJECTED"}
	unknown     = ending{reason: "UNKNOWN_ERROR"}
	revoked     = ending{reason: "TOKEN_REVOKED", confirmed: true}
	lucky       = ending{reason: "SUCCESS", unlucky: "AMAZON_UNAVAILABLE"}
	restarted   = ending{reason: "SUCCESS", unlucky: "AMAZON_BAD_RESPONSE", pages: true} // until its windows have one page
	ofAll       = ending{alone: true}
)

var troubleEndings = map[spapisim.Trouble]ending{
	spapisim.TroubleNoToken:      {reason: "TOKEN_MISSING"},
	spapisim.TroubleRevoked:      revoked,
	spapisim.TroubleOtherClient:  denied,
	spapisim.TroubleNoRole:       denied,
	spapisim.TroubleWrongRegion:  denied,
	spapisim.TroubleNoMarket:     {reason: "NOT_CONNECTED"},
	spapisim.TroubleSecret:       denied,                        // one alone is no word on the application
	spapisim.TroubleForbidden:    well,                          // 25 minutes are over
	spapisim.TroubleThrottled:    {reason: "AMAZON_RATE_LIMIT"}, // one call in 90 s, and never two in a row
	spapisim.TroubleUnavailable:  unavailable,
	spapisim.TroubleFlaky:        lucky,
	spapisim.TroubleHangs:        unavailable,
	spapisim.TroubleSlow:         well,
	spapisim.TroubleResets:       lucky,
	spapisim.TroubleBadJSON:      unreadable,
	spapisim.TroubleHTML:         rejected,
	spapisim.TroubleDataIncident: rejected,
	spapisim.TroubleCircular:     restarted,
	spapisim.TroubleDeadToken:    restarted,
	spapisim.TroubleUnreadable:   well,
	spapisim.TroubleOdd:          well,
	spapisim.TroubleHugeOrder:    well,
	spapisim.TroubleManyOrders:   well,
	spapisim.TroubleLate:         well,
	spapisim.TroubleShifting:     well,
	spapisim.TroubleNoLogin:      unavailable,
}

// faultEndings are those of faults that meet every call of a tenant's.
var faultEndings = map[spapisim.FaultKind]ending{
	spapisim.FaultInternal:       unavailable,
	spapisim.FaultUnavailable:    unavailable,
	spapisim.FaultBadGateway:     unavailable,
	spapisim.FaultGatewayTimeout: unavailable,
	spapisim.FaultHTML:           rejected,
	spapisim.FaultEmpty:          unreadable,
	spapisim.FaultBadJSON:        unreadable,
	spapisim.FaultBadStructure:   unreadable,
	spapisim.FaultNullMessage:    rejected,
	spapisim.FaultForbidden:      denied,
	spapisim.FaultInvalid:        rejected,
	spapisim.FaultTooLarge:       unreadable,
	spapisim.FaultThrottle:       {reason: "AMAZON_RATE_LIMIT"},
	spapisim.FaultLWA:            revoked,
	spapisim.FaultWrongRegion:    denied,
	spapisim.FaultHang:           unavailable,
	spapisim.FaultReset:          unavailable,
	spapisim.FaultSlow:           well,
	spapisim.FaultDrip:           well,
	spapisim.FaultCut:            unreadable,
	spapisim.FaultTruncated:      unreadable,
	spapisim.FaultContentType:    well,
	spapisim.FaultDate:           well,
	spapisim.FaultBigBody:        well,
	spapisim.FaultDeadToken:      restarted,
	spapisim.FaultSameToken:      restarted,
	spapisim.FaultSamePage:       restarted,
}

var forbiddenEndings = map[string]ending{
	"denied": denied, "expired": denied, "revoked": denied, "no-token": unknown, "secret": ofAll, "gateway": unknown,
	"access-denied": denied, "resource-forbidden": denied, "hammered": denied,
}

var lwaEndings = map[string]ending{
	"invalid_grant": revoked, "invalid_client": ofAll, "unauthorized_client": denied, "access_denied": denied,
	"unsupported_grant_type": unknown, "invalid_request": unknown, "invalid_scope": unknown,
	"server_error": unavailable, "temporarily_unavailable": unavailable,
}

// readable tells which damaged orders are stored all the same.
var readable = map[string]bool{
	"quantity-text": false, "no-items": false, "updated-time": false, "no-id": false,
	"null-windows": true, "unknown-status": true, "empty-items": true, "number-money": true,
}

// switched are the switches of one tenant's, each in every way; all of them end
// well. A nil function is a switch that only all sellers have together.
var switched = map[string][]func(*spapisim.Switches){
	"ClockSkew":  nil,
	"MinLatency": nil, // with the next
	"MaxLatency": {func(s *spapisim.Switches) {
		s.MinLatency, s.MaxLatency = spapisim.Duration(time.Second), spapisim.Duration(9*time.Second)
	}},
	"ExpiresInText":       {func(s *spapisim.Switches) { s.ExpiresInText = true }},
	"RotateRefreshTokens": {func(s *spapisim.Switches) { s.RotateRefreshTokens = true }},
	"RevokedAtOnce":       {func(s *spapisim.Switches) { s.RevokedAtOnce = true }},
	"OldToken": {
		func(s *spapisim.Switches) { s.OldToken = spapisim.OldTokenRenewed }, func(s *spapisim.Switches) { s.OldToken = spapisim.OldTokenEnds },
	},
	"SelfAuthorizedForever": {func(s *spapisim.Switches) { s.SelfAuthorizedForever = true }},
	"ExpiredSecretRefused":  {func(s *spapisim.Switches) { s.ExpiredSecretRefused = true }},
	"CancelReturns":         {func(s *spapisim.Switches) { s.CancelReturns = true }},
	"MWSAuthToken":          {func(s *spapisim.Switches) { s.MWSAuthToken = true }},
	"LoginURIRequired":      {func(s *spapisim.Switches) { s.LoginURIRequired = true }},
	"StrictUserAgent":       {func(s *spapisim.Switches) { s.StrictUserAgent = true }},
	"RateHeader": {
		func(s *spapisim.Switches) { s.RateHeader = "off" }, func(s *spapisim.Switches) { s.RateHeader = "0" },
		func(s *spapisim.Switches) { s.RateHeader = "-1" }, func(s *spapisim.Switches) { s.RateHeader = "much" },
	},
	"RetryAfter":   {func(s *spapisim.Switches) { s.RetryAfter = "60" }},
	"FailuresFree": {func(s *spapisim.Switches) { s.FailuresFree = true }},
	"AppRate":      nil,
	"AppBurst":     nil,
	"Sort": {
		func(s *spapisim.Switches) { s.Sort = spapisim.SortUpdatedDesc }, func(s *spapisim.Switches) { s.Sort = spapisim.SortCreated },
	},
	"Tokens": {func(s *spapisim.Switches) { s.Tokens = spapisim.TokenOffset }},
	"Life":   {func(s *spapisim.Switches) { s.Life = spapisim.LifeWalk }},
	"TTL":    {func(s *spapisim.Switches) { s.TTL = spapisim.Duration(time.Hour) }},
	"Echo": {
		func(s *spapisim.Switches) { s.Echo = spapisim.EchoMoving }, func(s *spapisim.Switches) { s.Echo = spapisim.EchoAbsent },
		func(s *spapisim.Switches) { s.Echo = spapisim.EchoWrong },
	},
	"Delay": {func(s *spapisim.Switches) { s.Delay = spapisim.DelayGeneric }},
	"Twice": {
		func(s *spapisim.Switches) { s.Twice = spapisim.DuplicatesWalk }, func(s *spapisim.Switches) { s.Twice = spapisim.DuplicatesPage },
	},
	"SearchDelay":     {func(s *spapisim.Switches) { s.SearchDelay = spapisim.Duration(140 * time.Second) }},
	"ShortPages":      {func(s *spapisim.Switches) { s.ShortPages = true }},
	"LateBy":          {func(s *spapisim.Switches) { s.LateBy = spapisim.Duration(2 * time.Hour) }},
	"Seconds":         {func(s *spapisim.Switches) { s.Seconds = true }},
	"UnknownFields":   {func(s *spapisim.Switches) { s.UnknownFields = true }},
	"PersonalRefused": {func(s *spapisim.Switches) { s.PersonalRefused = true }},
}

// Every trouble that the simulator knows is in the tables.
func TestTroublesAreKnown(t *testing.T) {
	sim, err := spapisim.New(spapisim.Config{})
	if err != nil {
		t.Fatal(err)
	}
	door := httptest.NewServer(sim.Admin())
	t.Cleanup(door.Close)
	answer, err := http.Get(door.URL + "/names")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	var names struct {
		Faults, Troubles        []string
		Forbidden, LWA, Damages []string
	}
	if err := json.NewDecoder(answer.Body).Decode(&names); err != nil {
		t.Fatal(err)
	}
	var switches []string
	for _, field := range reflect.VisibleFields(reflect.TypeFor[spapisim.Switches]()) {
		switches = append(switches, field.Name)
	}
	wantKeys(t, "trouble", troubleEndings, names.Troubles)
	wantKeys(t, "fault", faultEndings, names.Faults)
	wantKeys(t, "403", forbiddenEndings, names.Forbidden)
	wantKeys(t, "LWA error", lwaEndings, names.LWA)
	wantKeys(t, "damage", readable, names.Damages)
	wantKeys(t, "switch", switched, switches)
}

func wantKeys[K ~string, V any](t *testing.T, what string, table map[K]V, names []string) {
	t.Helper()
	if len(names) == 0 {
		t.Errorf("the simulator names no %s", what)
	}
	for _, name := range names {
		if _, ok := table[K(name)]; !ok {
			t.Errorf("%s %q has no row", what, name)
		}
	}
	for name := range table {
		if !slices.Contains(names, string(name)) {
			t.Errorf("the simulator knows no %s %q", what, name)
		}
	}
}
