package engine_test

import (
	"slices"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/secret"
	"ordersync/internal/spapisim"
)

// lasting is what each trouble of the simulator's is called while it lasts.
// Where a trouble leaves room for success, both are right.
var lasting = map[spapisim.Trouble][]ordersync.Reason{
	spapisim.Healthy:             {ordersync.Success},
	spapisim.TroubleNoToken:      {ordersync.TokenMissing},
	spapisim.TroubleRevoked:      {ordersync.TokenRevoked},
	spapisim.TroubleOtherClient:  {ordersync.AccessDenied},
	spapisim.TroubleNoRole:       {ordersync.AccessDenied},
	spapisim.TroubleWrongRegion:  {ordersync.AccessDenied},
	spapisim.TroubleNoMarket:     {ordersync.NotConnected},
	spapisim.TroubleSecret:       {ordersync.AccessDenied}, // one alone is no word on the application
	spapisim.TroubleForbidden:    {ordersync.Success},      // 25 minutes are over
	spapisim.TroubleThrottled:    {ordersync.Success, ordersync.AmazonRateLimit},
	spapisim.TroubleUnavailable:  {ordersync.AmazonUnavailable},
	spapisim.TroubleFlaky:        {ordersync.Success, ordersync.AmazonUnavailable},
	spapisim.TroubleHangs:        {ordersync.AmazonUnavailable},
	spapisim.TroubleSlow:         {ordersync.Success},
	spapisim.TroubleResets:       {ordersync.Success, ordersync.AmazonUnavailable},
	spapisim.TroubleBadJSON:      {ordersync.AmazonBadResponse},
	spapisim.TroubleHTML:         {ordersync.RequestRejected},
	spapisim.TroubleDataIncident: {ordersync.RequestRejected},
	spapisim.TroubleCircular:     {ordersync.Success, ordersync.AmazonBadResponse},
	spapisim.TroubleDeadToken:    {ordersync.Success, ordersync.AmazonBadResponse},
	spapisim.TroubleUnreadable:   {ordersync.Success},
	spapisim.TroubleOdd:          {ordersync.Success},
	spapisim.TroubleHugeOrder:    {ordersync.Success},
	spapisim.TroubleManyOrders:   {ordersync.Success, ordersync.AmazonRateLimit, ordersync.CatchingUp},
	spapisim.TroubleLate:         {ordersync.Success},
	spapisim.TroubleShifting:     {ordersync.Success},
	spapisim.TroubleNoLogin:      {ordersync.AmazonUnavailable},
}

// stays are the troubles that do not end with the faults.
var stays = []spapisim.Trouble{
	spapisim.TroubleNoToken, spapisim.TroubleRevoked, spapisim.TroubleOtherClient, spapisim.TroubleNoRole,
	spapisim.TroubleNoMarket,
}

// Tenants with every trouble there is, side by side: each has exactly its own,
// the healthy have none, and when the faults end everything is stored.
func TestFleetOfTroubles(t *testing.T) {
	play(t, func(w *world) {
		hours := 10
		if raceEnabled {
			hours = 1
		}
		begun := time.Now()
		troubles := rows(spapisim.Troubles(), 4)
		members, err := w.sim.Fleet(spapisim.FleetSpec{
			ClientID: w.app.ClientID, Sellers: len(troubles) + rows([]int{14, 4}, 2)[0], Orders: 8, Troubles: troubles,
			From: begun.Add(-5 * day), To: begun.Add(-10 * time.Minute), Living: true, Regions: []string{"eu", "na", "fe"},
		})
		w.must(err)
		accounts := w.join(members)
		for range hours {
			w.serve(time.Hour)
		}
		got := w.run(ordersync.GlobalRun, "")
		for i, m := range members {
			target := got[accounts[i].tenant]
			if !slices.Contains(lasting[m.Trouble], target.Outcome.Reason) {
				t.Errorf("%q: %s (%s), want %v", m.Trouble, target.Outcome.Reason, target.Outcome.Text(), lasting[m.Trouble])
			}
			if c := w.connection(accounts[i]); (c.State == ordersync.NeedsReconnect) != (m.Trouble == spapisim.TroubleRevoked) {
				t.Errorf("%q is %s", m.Trouble, c.State)
			}
			if m.Trouble == spapisim.Healthy || m.Trouble == spapisim.TroubleHugeOrder || m.Trouble == spapisim.TroubleOdd {
				w.wantAll(accounts[i], 7*day)
				w.wantHistory(accounts[i], begun.Add(-6*day))
				w.wantDense(accounts[i])
				if n := w.calls(m.Seller, "", 429); n > 0 {
					t.Errorf("%q: %d calls were throttled", m.Trouble, n)
				}
			}
		}
		w.endTroubles(members)
		w.serve(100 * time.Minute)
		for i, m := range members {
			if slices.Contains(stays, m.Trouble) {
				continue
			}
			if c := w.connection(accounts[i]); c.LastReason != ordersync.Success {
				t.Errorf("%q stands at %s afterwards", m.Trouble, c.LastReason)
			}
			if n := w.wantAll(accounts[i], 7*day); n == 0 {
				t.Errorf("%q: nothing was compared", m.Trouble)
			}
			w.wantDense(accounts[i])
		}
		if n := w.number(`SELECT COUNT(*) FROM connections WHERE last_reason = 'UNKNOWN_ERROR'`); n > 0 {
			t.Errorf("%d unknown errors:\n%s", n, w.log)
		}
	}, history(7*day), func(s *setup) { s.settings.Interval, s.sim.RateScale = 15*time.Minute, 200 })
}

// join connects the members of a fleet with the tokens they have: connect would
// authorise them anew.
func (w *world) join(members []spapisim.Member) (accounts []account) {
	w.t.Helper()
	for i, m := range members {
		tenant := ordersync.TenantID("t" + string(rune('a'+i/10)) + string(rune('0'+i%10)))
		ids := m.MarketplaceIDs()
		if m.Trouble == spapisim.TroubleNoMarket {
			ids = nil // discovered
		}
		if m.Trouble == spapisim.TroubleNoMarket {
			ids = nil // it is asked for, and there is none
		}
		imported, err := w.engine.Import(w.ctx, engine.ConnectionSpec{
			Tenant: tenant, Region: ordersync.Region(m.Region), SellerID: m.ID, Marketplaces: &ids, State: ordersync.Connected,
			RefreshToken: secret.New(m.RefreshToken), Cursor: time.Now().Add(-21 * time.Hour).Format(time.RFC3339),
		})
		w.must(err)
		accounts = append(accounts, account{tenant, imported.Connection, m.Seller})
	}
	return accounts
}

// endTroubles ends what is Amazon's fault.
func (w *world) endTroubles(members []spapisim.Member) {
	w.t.Helper()
	w.sim.ClearFaults()
	for _, m := range members {
		switch m.Trouble {
		case spapisim.TroubleThrottled:
			w.must(w.sim.SetRate(spapisim.SearchOrders, m.Key, spapisim.Rate{PerSecond: 0.0056, Burst: burst}))
		case spapisim.TroubleUnreadable:
			truths, err := w.sim.Orders(m.Key)
			w.must(err)
			for _, truth := range truths {
				if len(truth.Damage) > 0 {
					w.must(w.sim.Change(m.Key, spapisim.Change{OrderID: truth.Order.OrderID, Damage: spapisim.Damage{}}))
				}
			}
		}
	}
}
