package spapisim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// FaultKind names a trouble.
type FaultKind string

// Answers instead of the right one. At Login with Amazon they take its form.
const (
	FaultInternal       FaultKind = "internal"        // 500 InternalFailure; LWA server_error
	FaultUnavailable    FaultKind = "unavailable"     // 503; LWA temporarily_unavailable
	FaultBadGateway     FaultKind = "bad-gateway"     // 502 with HTML
	FaultGatewayTimeout FaultKind = "gateway-timeout" // 504 with HTML
	FaultHTML           FaultKind = "html"            // 400 with HTML, from the edge
	FaultEmpty          FaultKind = "empty"           // 200 without a body
	FaultBadJSON        FaultKind = "bad-json"        // 200 with something that is no JSON
	FaultBadStructure   FaultKind = "bad-structure"   // 200 with JSON of another shape
	FaultNullMessage    FaultKind = "null-message"    // 400 {"message":null}
	FaultForbidden      FaultKind = "forbidden"       // 403; Variant: see ForbiddenVariants
	FaultInvalid        FaultKind = "invalid"         // 400 InvalidInput without a cause
	FaultTooLarge       FaultKind = "too-large"       // 413
	FaultThrottle       FaultKind = "throttle"        // 429 whatever the bucket holds
	FaultLWA            FaultKind = "lwa"             // an LWA refusal; Variant: see LWAVariants
	FaultWrongRegion    FaultKind = "wrong-region"    // the host counts as another region's: 403
)

// What happens to the connection.
const (
	FaultHang  FaultKind = "hang"  // no answer until the client goes away
	FaultReset FaultKind = "reset" // the connection is reset before an answer
	FaultSlow  FaultKind = "slow"  // Delay before the answer
	FaultDrip  FaultKind = "drip"  // the body spread over Delay
	FaultCut   FaultKind = "cut"   // the connection closed in mid-body
)

// What happens to a right answer.
const (
	FaultTruncated   FaultKind = "truncated"    // half of the body, sent as if whole
	FaultContentType FaultKind = "content-type" // text/plain
	FaultDate        FaultKind = "date"         // Date header off by Delay
	FaultBigBody     FaultKind = "big-body"     // Size bytes of white space more per order
)

// What happens to a walk of searchOrders.
const (
	FaultDeadToken FaultKind = "dead-token" // 400 for a call with a pagination token
	FaultSameToken FaultKind = "same-token" // nextToken is the token just sent
	FaultSamePage  FaultKind = "same-page"  // the same orders again, with new tokens
)

// Fault is a trouble and whom it meets. Empty conditions meet everybody. Skip
// and Count count the calls that fit the conditions, also those that are refused
// for another reason first.
type Fault struct {
	Kind FaultKind `json:"kind"`

	Seller       string `json:"seller,omitzero"` // key
	Region       string `json:"region,omitzero"`
	ClientID     string `json:"clientId,omitzero"`
	Operation    string `json:"operation,omitzero"`    // "": the API's operations; Token only by name
	Page         int    `json:"page,omitzero"`         // only this page of a walk
	IncludedData string `json:"includedData,omitzero"` // only calls that ask for this
	OverResults  int    `json:"overResults,omitzero"`  // only pages asked to hold more

	From        time.Time `json:"from,omitzero"` // Amazon's clock
	Until       time.Time `json:"until,omitzero"`
	Skip        int       `json:"skip,omitzero"`        // so many matching calls pass first
	Count       int       `json:"count,omitzero"`       // at most so often; 0 without end
	Probability float64   `json:"probability,omitzero"` // 0: always

	Variant string   `json:"variant,omitzero"`
	Delay   Duration `json:"delay,omitzero"`
	Size    int      `json:"size,omitzero"`
}

// activeFault is a fault at work.
type activeFault struct {
	Fault
	id      int
	matched int
	hits    int
	drawn   map[string]int // by seller and operation: draws must not depend on other sellers
}

// FaultState is a fault at work as the admin door shows it.
type FaultState struct {
	ID   int `json:"id"`
	Hits int `json:"hits"`
	Fault
}

// ForbiddenVariants are the names of 403 answers for FaultForbidden; the first
// is the default.
func ForbiddenVariants() []string {
	var names []string
	for _, v := range forbiddenVariants {
		names = append(names, v.name)
	}
	return names
}

// LWAVariants are the refusals for FaultLWA; the first is the default.
func LWAVariants() []string {
	var names []string
	for _, v := range lwaVariants {
		names = append(names, v.code)
	}
	return names
}

// lwaVariants: Amazon's SDKs, LWAExceptionErrorCode. The status of
// unauthorized_client and access_denied is believed, not confirmed.
var lwaVariants = []struct {
	code   string
	status int
	text   string
}{
	{"invalid_grant", http.StatusBadRequest, textBadRefresh},
	{"invalid_client", http.StatusUnauthorized, textBadClient},
	{"unauthorized_client", http.StatusBadRequest, textOtherClient},
	{"unsupported_grant_type", http.StatusBadRequest, textBadGrant},
	{"invalid_request", http.StatusBadRequest, textMissing + "refresh_token"},
	{"invalid_scope", http.StatusBadRequest, textBadScope},
	{"access_denied", http.StatusForbidden, "Access denied"},
	{"server_error", http.StatusInternalServerError, "The server encountered an internal error"},
	{"temporarily_unavailable", http.StatusServiceUnavailable, "The service is temporarily unavailable"},
}

var faultKinds = []FaultKind{
	FaultInternal, FaultUnavailable, FaultBadGateway, FaultGatewayTimeout, FaultHTML, FaultEmpty, FaultBadJSON,
	FaultBadStructure, FaultNullMessage, FaultForbidden, FaultInvalid, FaultTooLarge, FaultThrottle, FaultLWA,
	FaultWrongRegion, FaultHang, FaultReset, FaultSlow, FaultDrip, FaultCut, FaultTruncated, FaultContentType,
	FaultDate, FaultBigBody, FaultDeadToken, FaultSameToken, FaultSamePage,
}

// FaultKinds lists every kind of fault.
func FaultKinds() []FaultKind { return slices.Clone(faultKinds) }

func (f Fault) check() error {
	switch {
	case !slices.Contains(faultKinds, f.Kind):
		return fmt.Errorf("spapisim: no fault %q (there are %q)", f.Kind, faultKinds)
	case f.Kind == FaultForbidden && f.Variant != "" && !slices.Contains(ForbiddenVariants(), f.Variant):
		return fmt.Errorf("spapisim: no 403 %q (there are %q)", f.Variant, ForbiddenVariants())
	case f.Kind == FaultLWA && f.Variant != "" && !slices.Contains(LWAVariants(), f.Variant):
		return fmt.Errorf("spapisim: no LWA error %q (there are %q)", f.Variant, LWAVariants())
	case f.Kind == FaultLWA && f.Operation != Token:
		return fmt.Errorf("spapisim: fault %q is for operation %q", f.Kind, Token)
	case f.Operation != "" && f.Operation != Token && !slices.Contains(apiOperations, f.Operation):
		return fmt.Errorf("spapisim: no operation %q", f.Operation)
	case f.Region != "" && !slices.Contains(regions, f.Region):
		return fmt.Errorf("spapisim: no region %q", f.Region)
	case !(f.Probability >= 0 && f.Probability <= 1):
		return fmt.Errorf("spapisim: probability %v is not between 0 and 1", f.Probability)
	case f.Skip < 0 || f.Count < 0 || f.Size < 0 || f.Page < 0 || f.OverResults < 0:
		return fmt.Errorf("spapisim: a negative number in %+v", f)
	}
	return nil
}

// AddFault sets a fault and returns its number.
func (s *Simulator) AddFault(f Fault) (int, error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Seller != "" {
		if _, err := s.seller(f.Seller); err != nil {
			return 0, err
		}
	}
	s.faultSeq++
	s.faults = append(s.faults, &activeFault{Fault: f, id: s.faultSeq, drawn: map[string]int{}})
	return s.faultSeq, nil
}

// RemoveFault ends a fault; false: there is none of that number.
func (s *Simulator) RemoveFault(id int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.faults)
	s.faults = slices.DeleteFunc(s.faults, func(f *activeFault) bool { return f.id == id })
	return len(s.faults) < n
}

// ClearFaults ends all faults.
func (s *Simulator) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

// Faults lists the faults at work in the order in which they were added.
func (s *Simulator) Faults() []FaultState {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]FaultState, 0, len(s.faults))
	for _, f := range s.faults {
		list = append(list, FaultState{ID: f.id, Hits: f.hits, Fault: f.Fault})
	}
	return list
}

// faultsFor draws the faults that a call meets; s.mu is held.
func (s *Simulator) faultsFor(c *call) []Fault {
	var met []Fault
	for _, f := range s.faults {
		if !f.meets(c) {
			continue
		}
		f.matched++
		if f.matched <= f.Skip || (f.Count > 0 && f.hits >= f.Count) {
			continue
		}
		if f.Probability > 0 && f.Probability < 1 {
			key := c.op
			if c.sel != nil {
				key += " " + c.sel.Key
			}
			f.drawn[key]++
			if draw(s.seed, "fault", f.id, key, f.drawn[key]).Float64() >= f.Probability {
				continue
			}
		}
		f.hits++
		met = append(met, f.Fault)
	}
	return met
}

// meets says whether a fault's conditions hold for a call.
func (f *activeFault) meets(c *call) bool {
	region := c.region
	if region == "" && c.sel != nil {
		region = c.sel.Region
	}
	clientID := ""
	if c.app != nil {
		clientID = c.app.ClientID
	}
	switch {
	case f.Operation == "" && (c.op == Token || c.op == ""), f.Operation != "" && f.Operation != c.op:
		return false
	case f.Seller != "" && (c.sel == nil || c.sel.Key != f.Seller):
		return false
	case f.Region != "" && f.Region != region, f.ClientID != "" && f.ClientID != clientID:
		return false
	case !f.From.IsZero() && c.now.Before(f.From), !f.Until.IsZero() && !c.now.Before(f.Until):
		return false
	case f.Page > 0 && f.Page != c.page, f.Kind == FaultDeadToken && c.values.Get("paginationToken") == "":
		return false
	case f.IncludedData != "" && !slices.Contains(strings.Split(c.values.Get("includedData"), ","), f.IncludedData):
		return false
	case f.OverResults > 0 && (c.op != SearchOrders || askedResults(c.values) <= f.OverResults):
		return false
	}
	return true
}

// has says whether the call meets a fault of a kind.
func (c *call) has(kind FaultKind) bool {
	_, ok := c.fault(kind)
	return ok
}

func (c *call) fault(kind FaultKind) (Fault, bool) {
	i := slices.IndexFunc(c.faults, func(f Fault) bool { return f.Kind == kind })
	if i < 0 {
		return Fault{}, false
	}
	return c.faults[i], true
}
