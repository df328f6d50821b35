package engine_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/secret"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
)

// What stories are told with: sellers and tenants, time that passes, and runs.

// seller adds a seller account; without marketplaces it sells in Germany and
// France.
func (w *world) seller(marketplaces ...string) spapisim.Seller {
	w.t.Helper()
	spec := spapisim.SellerSpec{Region: "eu"}
	for _, id := range marketplaces {
		spec.Marketplaces = append(spec.Marketplaces, spapisim.Participation{MarketplaceID: id})
	}
	s, err := w.sim.AddSeller(spec)
	w.must(err)
	return s
}

// orders grows n orders whose changes lie between two times before now.
func (w *world) orders(s spapisim.Seller, n int, from, to time.Duration, change ...func(*spapisim.Generate)) []string {
	w.t.Helper()
	g := spapisim.Generate{N: n, From: time.Now().Add(-from), To: time.Now().Add(-to)}
	for _, f := range change {
		f(&g)
	}
	ids, err := w.sim.Generate(s.Key, g)
	w.must(err)
	return ids
}

// order places one order that is new now.
func (w *world) order(s spapisim.Seller, id string, change ...func(*spapisim.Placed)) {
	w.t.Helper()
	p := spapisim.Placed{Order: spapisim.Order{
		OrderID: id, SalesChannel: spapisim.SalesChannel{MarketplaceID: s.MarketplaceIDs()[0]},
		Fulfillment: &spapisim.OrderFulfillment{FulfillmentStatus: "UNSHIPPED", FulfilledBy: "MERCHANT"},
		OrderItems:  []spapisim.OrderItem{{OrderItemID: "1" + id, QuantityOrdered: 1, Product: spapisim.Product{SellerSKU: "SKU-" + id}}},
	}}
	for _, f := range change {
		f(&p)
	}
	w.must(w.sim.AddOrders(s.Key, p))
}

// account is one connection of a tenant with a seller of the simulator.
type account struct {
	tenant     ordersync.TenantID
	connection ordersync.ConnectionID
	seller     spapisim.Seller
}

// connect imports a tenant that the seller has authorised. Its marketplaces are
// known, unless a change takes them away.
func (w *world) connect(tenant ordersync.TenantID, s spapisim.Seller, change ...func(*engine.ConnectionSpec)) account {
	w.t.Helper()
	token, err := w.sim.Authorize(w.app.ClientID, s.Key)
	w.must(err)
	ids := s.MarketplaceIDs()
	spec := engine.ConnectionSpec{
		Tenant: tenant, Region: ordersync.Region(s.Region), SellerID: s.ID, Marketplaces: &ids,
		State: ordersync.Connected, RefreshToken: secret.New(token),
	}
	for _, f := range change {
		f(&spec)
	}
	imported, err := w.engine.Import(w.ctx, spec)
	w.must(err)
	return account{tenant, imported.Connection, s}
}

// startAt gives a new connection a cursor that lies so far back.
func startAt(back time.Duration) func(*engine.ConnectionSpec) {
	return func(s *engine.ConnectionSpec) {
		s.Cursor = time.Now().Add(-back).UTC().Format(time.RFC3339Nano)
	}
}

func discover(s *engine.ConnectionSpec) { s.Marketplaces = nil }

func noToken(s *engine.ConnectionSpec) { s.RefreshToken = secret.Secret{} }

// serve lets time pass as a server does: it ticks and works on what is due.
func (w *world) serve(d time.Duration) {
	w.t.Helper()
	if w.byDoorbells {
		w.serveByDoorbells(d)
		return
	}
	w.serveWith(w.engine, d)
}

func (w *world) serveWith(e *engine.Engine, d time.Duration) {
	w.t.Helper()
	const workers = 8
	until, running := time.Now().Add(d), 0
	done := make(chan error, workers)
	for {
		var next time.Time
		if time.Now().Before(until) {
			ticked, err := e.Tick(w.ctx, workers-running, "")
			w.must(err)
			for _, id := range ticked.Ring {
				running++
				go func() { done <- e.Work(w.ctx, id) }()
			}
			next = ticked.Next
		} else if running == 0 {
			return
		}
		w.must(await(done, &running, next, until))
	}
}

// await waits until a worker has ended or there is something to do again; what
// is due and cannot be claimed is looked at once a second, as a server does.
func await(done <-chan error, running *int, next, until time.Time) error {
	pause := time.Until(until)
	if !next.IsZero() {
		pause = min(pause, time.Until(next))
	}
	if *running > 0 {
		pause = min(pause, time.Second)
	}
	timer := time.NewTimer(max(pause, time.Second))
	defer timer.Stop()
	select {
	case err := <-done:
		*running--
		return err
	case <-timer.C:
		return nil
	}
}

// run does one run from beginning to end and returns its targets by tenant.
func (w *world) run(mode ordersync.RunMode, tenant ordersync.TenantID) map[ordersync.TenantID]ordersync.Target {
	w.t.Helper()
	id, err := w.engine.StartRun(w.ctx, mode, tenant)
	w.must(err)
	w.must(w.engine.Drive(w.ctx, id))
	return w.targets(id)
}

// targets reads a run that must have ended: each target settled once.
func (w *world) targets(id ordersync.RunID) map[ordersync.TenantID]ordersync.Target {
	w.t.Helper()
	run, err := w.store.Reader().Run(w.ctx, id)
	w.must(err)
	list, err := w.store.Reader().Targets(w.ctx, id, false, 1000)
	w.must(err)
	s := run.Summary
	if s.Open() != 0 || s.Total != len(list) {
		w.t.Fatalf("run has ended with %d open of %d, %d listed", s.Open(), s.Total, len(list))
	}
	by := map[ordersync.TenantID]ordersync.Target{}
	for _, target := range list {
		by[target.Tenant] = target
	}
	return by
}

// sync brings one tenant up to date and returns its outcome.
func (w *world) sync(a account) ordersync.Target {
	w.t.Helper()
	target, ok := w.run(ordersync.SingleRun, a.tenant)[a.tenant]
	if !ok {
		w.t.Fatalf("the run has no target for %s", a.tenant)
	}
	return target
}

// syncs is sync with the reason that it must have.
func (w *world) syncs(a account, want ordersync.Reason) ordersync.Target {
	w.t.Helper()
	target := w.sync(a)
	if target.Outcome.Reason != want {
		w.t.Fatalf("%s: %s (%s), want %s\n%s", a.tenant, target.Outcome.Reason, target.Outcome.Text(), want, w.log)
	}
	return target
}

// work is one execution, as one worker sees it.
func (w *world) work(a account) {
	w.t.Helper()
	w.must(w.engine.Work(w.ctx, a.connection))
}

func (w *world) connection(a account) ordersync.Connection {
	w.t.Helper()
	c, err := w.store.Reader().Tenant(a.tenant).Connection(w.ctx, a.connection)
	w.must(err)
	return c
}

// lease is enough of one to read with.
func (w *world) lease(a account) *store.Lease { return &store.Lease{Connection: w.connection(a)} }

func (w *world) walk(a account) *ordersync.Walk {
	w.t.Helper()
	walk, err := w.store.Walk(w.ctx, w.lease(a), ordersync.Live)
	w.must(err)
	return walk
}

func (w *world) coverage(a account) store.Coverage {
	w.t.Helper()
	c, err := w.store.Coverage(w.ctx, w.lease(a))
	w.must(err)
	return c
}

func (w *world) fault(f spapisim.Fault) int {
	w.t.Helper()
	id, err := w.sim.AddFault(f)
	w.must(err)
	return id
}

// counters are Amazon's. It counts a call after the client has its answer.
func (w *world) counters() spapisim.Counters {
	synctest.Wait()
	return w.sim.Counters()
}

// countAnew forgets what Amazon has counted.
func (w *world) countAnew() {
	synctest.Wait()
	w.sim.ResetCounters()
}

func (w *world) calls(s spapisim.Seller, operation string, status int) int {
	return w.counters().Total(s.Key, operation, status)
}

// searches lists the searches that were answered, oldest first.
func (w *world) searches(s spapisim.Seller) []spapisim.CallRecord {
	synctest.Wait()
	return slices.DeleteFunc(w.sim.Calls(), func(c spapisim.CallRecord) bool {
		return c.Seller != s.Key || c.Operation != spapisim.SearchOrders
	})
}

// rows are the rows of a table that are worth their time: all, or every nth
// under the race detector.
func rows[T any](table []T, nth int) []T {
	if !raceEnabled {
		return table
	}
	var some []T
	for i := 0; i < len(table); i += nth {
		some = append(some, table[i])
	}
	return some
}

func wantReason(t *testing.T, got ordersync.Target, want ordersync.Reason) {
	t.Helper()
	if got.Outcome.Reason != want {
		t.Errorf("%s: %s (%s), want %s", got.Tenant, got.Outcome.Reason, got.Outcome.Text(), want)
	}
}

func wantText(t *testing.T, got, want string) {
	t.Helper()
	if !strings.Contains(got, want) {
		t.Errorf("%q says nothing of %q", got, want)
	}
}
