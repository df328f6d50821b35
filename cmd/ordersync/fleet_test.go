package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/httpapi"
	"ordersync/internal/spapi"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"

	"github.com/google/go-cmp/cmp"
)

// fleetRates is how much faster Amazon's budgets refill, on both sides.
const fleetRates = 200

// inFleet runs a test with a fast Amazon, whose slow answers take a hundredth of
// their time, on both databases.
func inFleet(t *testing.T, test func(f *fleet)) {
	t.Helper()
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		p := newProgram(t, kind, storetest.New(t, kind), func(c *spapisim.Config) {
			c.RateScale = fleetRates
			c.Sleep = func(ctx context.Context, d time.Duration) error { return sleepFor(ctx, d/100) }
		})
		test(&fleet{program: p, begun: p.now(), free: -1})
	})
}

func sleepFor(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// fleet is a program with many tenants, some of them in trouble.
type fleet struct {
	*program
	begun   time.Time
	members []*member
	free    int // the last healthy member that got a trouble
}

// member is a tenant of the fleet.
type member struct {
	spapisim.Member
	tenant  string
	trouble string // "": none
	ending
	damaged map[string]bool // orders by id: whether it is stored all the same
}

// settings of the fleet's program.
func (f *fleet) args(args ...string) []string {
	return append([]string{
		"--amazon-rate-scale", fmt.Sprint(fleetRates), "--history", "80h", "--call-timeout", "8s", "--log-level", "error",
	}, args...)
}

// join makes the sellers: one for each of the simulator's own troubles, the
// others healthy, and some of these get another trouble each.
func (f *fleet) join(sellers int) {
	f.t.Helper()
	members, err := f.sim.Fleet(spapisim.FleetSpec{
		ClientID: f.app.ClientID, Sellers: sellers, Orders: 3, Living: true, Regions: []string{"eu", "na", "fe"},
		From: f.begun.Add(-45 * time.Hour), To: f.begun.Add(-10 * time.Minute), Troubles: slices.Sorted(maps.Keys(troubleEndings)),
	})
	f.must(err)
	for i, m := range members {
		one := &member{Member: m, tenant: fmt.Sprintf("tenant-%03d", i), trouble: string(m.Trouble), ending: well, damaged: map[string]bool{}}
		if m.Trouble != spapisim.Healthy {
			one.ending = troubleEndings[m.Trouble]
			f.grow(one)
		}
		f.members = append(f.members, one)
	}
	f.hide(f.tokens()...)
}

func (f *fleet) tokens() (tokens []string) {
	for _, m := range f.members {
		if m.RefreshToken != "" {
			tokens = append(tokens, m.RefreshToken)
		}
	}
	return tokens
}

// grow gives a member windows of several pages, if its trouble needs them.
func (f *fleet) grow(m *member) {
	f.t.Helper()
	if !m.pages {
		return
	}
	_, err := f.sim.Generate(m.Key, spapisim.Generate{N: 110, Items: 1, From: f.begun.Add(-19 * time.Hour), To: f.begun.Add(-10 * time.Minute)})
	f.must(err)
}

// trouble gives a healthy member a trouble.
func (f *fleet) afflict(name string, e ending) *member {
	f.t.Helper()
	for f.free++; f.free < len(f.members); f.free++ {
		if m := f.members[f.free]; m.trouble == "" {
			m.trouble, m.ending = name, e
			f.grow(m)
			return m
		}
	}
	f.t.Fatalf("no seller is left for %s", name)
	return nil
}

// fault gives a healthy member a fault in all its calls.
func (f *fleet) fault(e ending, fault spapisim.Fault) {
	f.t.Helper()
	if e.alone {
		return
	}
	m := f.afflict(fmt.Sprintf("fault %s %s", fault.Kind, fault.Variant), e)
	fault.Seller = m.Key
	if fault.Kind == spapisim.FaultLWA {
		fault.Operation = spapisim.Token
	}
	switch fault.Kind {
	case spapisim.FaultSlow, spapisim.FaultDrip:
		fault.Delay = spapisim.Duration(8 * time.Second)
	case spapisim.FaultDate:
		fault.Delay = spapisim.Duration(2 * time.Second)
	case spapisim.FaultBigBody:
		fault.Size = 1 << 20
	}
	_, err := f.sim.AddFault(fault)
	f.must(err)
}

// damage gives a healthy member an order that is damaged.
func (f *fleet) damage(name string) {
	f.t.Helper()
	m := f.afflict("damage "+name, well)
	m.gap = name == "no-id" // it cannot be asked for by its id
	damage, err := spapisim.NamedDamage(name)
	f.must(err)
	o := fullOrder(f.begun)
	o.SalesChannel.MarketplaceID = m.MarketplaceIDs()[0]
	m.damaged[o.OrderID] = readable[name]
	f.must(f.sim.AddOrders(m.Key, spapisim.Placed{Order: o, Damage: damage}))
}

// importAll imports the fleet. Every other tenant's marketplaces are to be
// found out.
func (f *fleet) importAll() {
	f.t.Helper()
	var lines []line
	for i, m := range f.members {
		l := line{
			"tenantId": m.tenant, "region": m.Region, "sellingPartnerId": m.ID, "status": "CONNECTED",
			"cursor": f.begun.Add(-23 * time.Hour).UTC().Format(time.RFC3339),
		}
		if i%2 == 0 && m.Trouble != spapisim.TroubleNoMarket {
			l["marketplaceIds"] = m.MarketplaceIDs()
		}
		if m.RefreshToken != "" {
			l["refreshToken"] = m.RefreshToken
		}
		lines = append(lines, l)
	}
	f.imports(lines...)
}

// global is a global run with the back work that is due.
func (f *fleet) global() map[string]resultReport {
	f.t.Helper()
	run := f.sync(exitOK, f.args("--fail-on", "never", "--back-work", "8s")...)
	by := map[string]resultReport{}
	for _, r := range run.Results {
		by[r.TenantID] = r
	}
	s := run.Summary
	if len(by) != len(f.members) || s.Total != len(f.members) || s.Success+s.Partial+s.Skipped+s.Failed != s.Total {
		f.t.Fatalf("%d tenants have %d results: %s", len(f.members), len(by), run.summary())
	}
	return by
}

// A fleet of three hundred tenants, among them one for every trouble there is:
// each ends as the tables say, and the others do not notice.
func TestFleetOfTroubles(t *testing.T) {
	inFleet(t, func(f *fleet) {
		sellers := 300
		if raceEnabled {
			sellers = 135
		}
		f.join(sellers)
		for _, kind := range spapisim.FaultKinds() {
			f.fault(faultEndings[kind], spapisim.Fault{Kind: kind})
		}
		for _, variant := range spapisim.ForbiddenVariants() {
			f.fault(forbiddenEndings[variant], spapisim.Fault{Kind: spapisim.FaultForbidden, Variant: variant})
		}
		for _, variant := range spapisim.LWAVariants() {
			f.fault(lwaEndings[variant], spapisim.Fault{Kind: spapisim.FaultLWA, Variant: variant})
		}
		for _, name := range slices.Sorted(maps.Keys(readable)) {
			f.damage(name)
		}
		for _, name := range slices.Sorted(maps.Keys(switched)) {
			for _, way := range switched[name] {
				m := f.afflict("switch "+name, well)
				f.must(f.sim.SetSellerSwitches(m.Key, way))
			}
		}
		f.importAll()
		var got map[string]resultReport
		// The second run confirms verdicts, and its sweep finds what Amazon has
		// shown late.
		for _, later := range []time.Duration{0, 26 * time.Hour} {
			f.later(later)
			got = f.global()
			f.wantHealthy(got)
		}
		gaps := f.gaps()
		ended := func(m *member) bool { return !f.open(m, got[m.tenant], gaps[m.tenant]) }
		f.wantEndings(ended, got, gaps)
		for _, m := range f.members {
			if !ended(m) {
				f.wait(m)
			}
		}
	})
}

// open tells whether a tenant is still on its way: it had no luck yet, or its
// gaps are not closed.
func (f *fleet) open(m *member, got resultReport, gaps int) bool {
	return got.ReasonCode == "CATCHING_UP" || m.unlucky != "" && got.ReasonCode == m.unlucky || m.reason == well.reason && gaps > 0 && !m.gap
}

// wait asks again for a tenant until it is no longer on its way, and wants it to
// end as it must.
func (f *fleet) wait(m *member) {
	f.t.Helper()
	got, gaps := map[string]resultReport{}, map[string]int{}
	for range 20 {
		f.later(10 * time.Minute)
		got[m.tenant] = f.of(f.sync(exitOK, f.args("--fail-on", "never", "--tenant", m.tenant)...), m.tenant)
		if gaps = f.gaps(); !f.open(m, got[m.tenant], gaps[m.tenant]) {
			break
		}
	}
	f.wantEndings(func(one *member) bool { return one == m }, got, gaps)
}

// wantHealthy wants nobody else's trouble to reach the healthy: each run brings
// them up to date, or at least on if the machine is slow, and none of their calls
// is throttled.
func (f *fleet) wantHealthy(got map[string]resultReport) {
	f.t.Helper()
	healthy, throttled, calls := 0, 0, 0
	for _, m := range f.members {
		if m.trouble != "" {
			continue
		}
		healthy++
		if r := got[m.tenant]; r.ReasonCode != well.reason && r.ReasonCode != "CATCHING_UP" {
			f.t.Errorf("%s has no trouble: %+v", m.tenant, r)
		}
		throttled += f.sim.Counters().Total(m.Key, "", http.StatusTooManyRequests)
		calls += f.sim.Counters().Total(m.Key, "", -1)
	}
	// At two hundred times the rate a call that comes a quarter of a second late
	// is worth a quarter of a token.
	if throttled*200 > calls {
		f.t.Errorf("%d of %d calls for the healthy were throttled", throttled, calls)
	}
	if healthy < 20 {
		f.t.Errorf("only %d are healthy", healthy)
	}
}

// gaps counts the gaps of each tenant's history.
func (f *fleet) gaps() map[string]int {
	f.t.Helper()
	var status struct {
		Tenants []struct {
			TenantID string
			GapCount int
		}
	}
	f.must(json.Unmarshal([]byte(f.ok(f.run(f.args("status", "--json")...))), &status))
	gaps := map[string]int{}
	for _, one := range status.Tenants {
		gaps[one.TenantID] = one.GapCount
	}
	return gaps
}

// wantEndings wants of some tenants exactly the reason that the table says, and
// of those that end well the orders that Amazon has.
func (f *fleet) wantEndings(which func(*member) bool, got map[string]resultReport, gaps map[string]int) {
	f.t.Helper()
	s, err := store.Open(context.Background(), store.Options{URL: f.database, Now: f.now, Merge: spapi.MergeRaw})
	f.must(err)
	defer func() { f.must(s.Close()) }()
	for _, m := range slices.DeleteFunc(slices.Clone(f.members), func(m *member) bool { return !which(m) }) {
		if r := got[m.tenant]; r.ReasonCode != m.reason || r.Confirmed != m.confirmed {
			f.t.Errorf("%s (%s): %s (%s), confirmed %t; want %s, %t", m.tenant, m.trouble, r.ReasonCode, r.Message, r.Confirmed, m.reason, m.confirmed)
		}
		if m.reason != well.reason {
			continue
		}
		if n := gaps[m.tenant]; n > 0 != m.gap {
			f.t.Errorf("%s (%s): %d gaps", m.tenant, m.trouble, n)
		}
		f.wantTruthOf(s, m)
	}
}

func (f *fleet) wantTruthOf(s *store.Store, m *member) {
	f.t.Helper()
	truths, err := f.sim.Orders(m.Key)
	f.must(err)
	stored, compared := f.stored(s, m), 0
	for _, truth := range truths {
		o := truth.Order
		have := stored[o.OrderID]
		delete(stored, o.OrderID)
		if len(truth.Damage) > 0 {
			if kept, known := m.damaged[o.OrderID]; known && kept != (have != nil) {
				f.t.Errorf("%s (%s): %s is stored: %t", m.tenant, m.trouble, o.OrderID, have != nil)
			}
			continue
		}
		if o.LastUpdatedTime.After(f.now().Add(-5 * time.Minute)) {
			continue // too young to be read
		}
		compared++
		if m.trouble == "switch Seconds" {
			cutTimes(&o)
		}
		if diff := cmp.Diff(expectedOrder(o, m.tenant, m.Region), have); diff != "" {
			f.t.Errorf("%s (%s): %s (-Amazon +stored):\n%s", m.tenant, m.trouble, o.OrderID, diff)
		}
	}
	if compared == 0 || len(stored) > 0 {
		f.t.Errorf("%s (%s): %d orders were compared, %d are not this seller's", m.tenant, m.trouble, compared, len(stored))
	}
}

// cutTimes cuts the times of an order to seconds, as Amazon once wrote them.
func cutTimes(o *spapisim.Order) {
	times := []*time.Time{&o.CreatedTime, &o.LastUpdatedTime}
	if f := o.Fulfillment; f != nil {
		for _, w := range []*spapisim.TimeRange{f.ShipByWindow, f.DeliverByWindow} {
			if w != nil {
				times = append(times, &w.EarliestDateTime, &w.LatestDateTime)
			}
		}
	}
	for i := range o.Packages {
		times = append(times, &o.Packages[i].CreatedTime, &o.Packages[i].ShipTime)
	}
	for _, at := range times {
		*at = at.Truncate(time.Second)
	}
}

// stored are the orders of a tenant as `orders list --json` prints them.
func (f *fleet) stored(s *store.Store, m *member) map[string]object {
	f.t.Helper()
	orders := map[string]object{}
	tenant := ordersync.TenantID(m.tenant)
	f.must(s.Reader().Tenant(tenant).Orders(context.Background(), func(o store.StoredOrder) error {
		b, err := json.Marshal(httpapi.OrderOf(tenant, o))
		f.must(err)
		var out object
		f.must(json.Unmarshal(b, &out))
		for _, own := range []string{"connectionId", "storedAt", "changedAt"} {
			delete(out, own)
		}
		if !withoutMeanings(out) {
			f.t.Errorf("%s: what Amazon's words mean is not said: %v", o.ID, out)
		}
		orders[o.ID] = out
		return nil
	}))
	return orders
}
