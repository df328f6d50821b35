package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"ordersync/internal/spapisim"
)

// What goes on all the while the storm lasts: orders are made and change, runs are
// asked for, and Amazon has now these troubles and now those. It runs beside the
// storm and never touches the test's database.

// stormFaults are what Amazon may have: each meets some calls only, and none says
// anything about a seller or the application.
var stormFaults = []spapisim.Fault{
	{Kind: spapisim.FaultInternal, Probability: 0.1},
	{Kind: spapisim.FaultUnavailable, Probability: 0.1},
	{Kind: spapisim.FaultBadGateway, Probability: 0.05},
	{Kind: spapisim.FaultGatewayTimeout, Probability: 0.05},
	{Kind: spapisim.FaultReset, Probability: 0.1},
	{Kind: spapisim.FaultHang, Probability: 0.05},
	{Kind: spapisim.FaultSlow, Probability: 0.2, Delay: spapisim.Duration(700 * time.Millisecond)},
	{Kind: spapisim.FaultDrip, Probability: 0.1, Delay: spapisim.Duration(700 * time.Millisecond)},
	{Kind: spapisim.FaultCut, Probability: 0.05},
	{Kind: spapisim.FaultTruncated, Probability: 0.05},
	{Kind: spapisim.FaultBadJSON, Probability: 0.05},
	{Kind: spapisim.FaultEmpty, Probability: 0.05},
	{Kind: spapisim.FaultHTML, Probability: 0.03},
	{Kind: spapisim.FaultBadStructure, Probability: 0.03},
	{Kind: spapisim.FaultTooLarge, OverResults: 30, Probability: 0.3},
	{Kind: spapisim.FaultDeadToken, Probability: 0.2},
	{Kind: spapisim.FaultSameToken, Probability: 0.05},
	{Kind: spapisim.FaultSamePage, Probability: 0.05},
	{Kind: spapisim.FaultContentType, Probability: 0.1},
	{Kind: spapisim.FaultInternal, Operation: spapisim.Token, Probability: 0.2},
	{Kind: spapisim.FaultLWA, Operation: spapisim.Token, Variant: "temporarily_unavailable", Probability: 0.2},
	{Kind: spapisim.FaultReset, Operation: spapisim.Token, Probability: 0.1},
}

// plainSwitches are Amazon's ways when the storm is over: every switch that the
// storm turns stands here.
var plainSwitches = object{
	"maxLatency": "0s", "sort": "", "tokens": "", "echo": "", "duplicates": "", "shortPages": false, "lateBy": "0s", "rotateRefreshTokens": false,
}

// stormLate is how late changes surface under some of Amazon's ways, besides.
const stormLate = 5 * time.Second

// stormSwitches are Amazon's undocumented ways; now these hold and now those.
var stormSwitches = []object{
	{"maxLatency": "200ms"},
	{"maxLatency": "100ms", "tokens": "offset", "shortPages": true},
	{"maxLatency": "300ms", "sort": "updated-desc", "duplicates": "walk"},
	{"maxLatency": "100ms", "sort": "created", "tokens": "offset", "echo": "moving"},
	{"maxLatency": "50ms", "duplicates": "page", "echo": "absent", "lateBy": stormLate.String()},
	{"maxLatency": "100ms", "shortPages": true, "rotateRefreshTokens": true},
}

// newTroubles gives Amazon other troubles and other ways.
func (s *storm) newTroubles() {
	s.t.Helper()
	var faults []spapisim.Fault
	for range 3 + s.rng.IntN(4) {
		faults = append(faults, stormFaults[s.rng.IntN(len(stormFaults))])
	}
	s.must(s.amazon.faults(faults...))
	s.must(s.amazon.ask("PATCH /switches", plainSwitches, nil))
	s.must(s.amazon.ask("PATCH /switches", stormSwitches[s.rng.IntN(len(stormSwitches))], nil))
}

// makeOrders makes and changes orders until end.
func (s *storm) makeOrders(end chan struct{}) {
	rng := rand.New(rand.NewPCG(s.trafficSeed, 1))
	pace := time.NewTicker(60 * time.Millisecond)
	defer pace.Stop()
	for {
		select {
		case <-end:
			return
		case <-pace.C:
		}
		act := s.makeOrder
		if rng.IntN(3) > 0 {
			act = s.changeOrder
		}
		if err := act(rng, s.tenants[rng.IntN(len(s.tenants))]); err != nil {
			s.t.Error(err)
			return
		}
	}
}

// updated is when something happens: some three minutes ago, so that it surfaces
// late, but not later than the next reading reaches back; or also now, which can be
// read in some three minutes only.
func (s *storm) updated(rng *rand.Rand) time.Time {
	if *chaosLong && rng.IntN(2) == 0 {
		return s.now()
	}
	return s.now().Add(-155*time.Second - rand.N(3*time.Minute))
}

// makeOrder lets a customer order.
func (s *storm) makeOrder(rng *rand.Rand, one *stormTenant) error {
	at := s.updated(rng)
	var ids []string
	err := s.amazon.ask("POST /orders/generate", struct {
		Seller string `json:"seller"`
		spapisim.Generate
	}{one.Key, spapisim.Generate{N: 1 + rng.IntN(3), From: at.Add(-time.Second), To: at, Unknown: 0.1}}, &ids)
	for _, id := range ids {
		one.orders = append(one.orders, stormOrder{id, at})
		s.made++
	}
	return err
}

// changeOrder lets something happen to an order.
func (s *storm) changeOrder(rng *rand.Rand, one *stormTenant) error {
	order := &one.orders[rng.IntN(len(one.orders))]
	at := s.updated(rng)
	if !at.After(order.at) {
		at = order.at.Add(time.Millisecond)
	}
	order.at = at.Truncate(time.Millisecond)
	patch := object{
		"lastUpdatedTime": order.at.UTC().Format("2006-01-02T15:04:05.000Z"),
		"fulfillment":     object{"fulfillmentStatus": []string{"UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED", "CANCELLED"}[rng.IntN(4)]},
	}
	if rng.IntN(3) == 0 {
		patch["proceeds"] = object{"grandTotal": object{"amount": fmt.Sprintf("%d.%02d", rng.IntN(1000), rng.IntN(100)), "currencyCode": "EUR"}}
	}
	s.changed++
	return s.amazon.ask("POST /orders/change", object{"seller": one.Key, "orderId": order.id, "quiet": true, "patch": patch}, nil)
}

// askForRuns asks some worker for a run again and again until end.
func (s *storm) askForRuns(end chan struct{}) {
	rng := rand.New(rand.NewPCG(s.trafficSeed, 2))
	pace := time.NewTicker(time.Second)
	defer pace.Stop()
	for {
		select {
		case <-end:
			return
		case <-pace.C:
		}
		tenant := ""
		if rng.IntN(2) == 0 {
			tenant = s.tenants[rng.IntN(len(s.tenants))].tenant
		}
		s.askForRun(rng, tenant)
	}
}

// askForRun asks some worker for a run of all tenants, or of one, and notes it if
// it is promised. That nobody answers is no wonder in a storm.
func (s *storm) askForRun(rng *rand.Rand, tenant string) {
	address := s.someAddress(rng)
	if address == "" {
		return
	}
	path := "/api/v1/orders/sync/run/global"
	if tenant != "" {
		path = "/api/v1/orders/sync/run?tenantId=" + url.QueryEscape(tenant)
	}
	request, err := http.NewRequest(http.MethodPost, address+path, http.NoBody)
	if err != nil {
		s.t.Error(err)
		return
	}
	request.Header.Set("Authorization", "Bearer "+s.key)
	request.Header.Set("Prefer", "respond-async")
	answer, err := (&http.Client{Timeout: 5 * time.Second}).Do(request)
	if err != nil {
		return
	}
	defer func() { _ = answer.Body.Close() }()
	var run struct {
		RunID string `json:"runId"`
	}
	if json.NewDecoder(answer.Body).Decode(&run) != nil || run.RunID == "" || !strings.HasPrefix(answer.Status, "20") {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.promised = append(s.promised, run.RunID)
}
