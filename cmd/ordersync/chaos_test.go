package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"ordersync/internal/spapisim"
	"ordersync/internal/store/storetest"
)

// How much happens; `make chaos` asks for more.
var (
	chaosKills    = flag.Int("chaos.kills", 6, "how often the chaos kills a worker")
	chaosStops    = flag.Int("chaos.stops", 2, "how often the chaos stops a worker past its lease")
	chaosRestarts = flag.Int("chaos.restarts", 1, "how often the chaos restarts the database")
	chaosLong     = flag.Bool("chaos.long", false, "let orders also change at the present time, which takes minutes longer to be read")
	chaosSeed     = flag.Uint64("chaos.seed", 0, "seed of the chaos' schedule; 0: the time")
)

const (
	chaosWorkers = 4
	chaosTenants = 16
	// chaosLease is short, so that many a lease ends while its holder stands still.
	chaosLease = 3 * time.Second
	// stall is for how long the storm waits for somebody to work.
	stall = 4 * time.Second
)

// storm is several workers on one database with an Amazon that has troubles, to
// all of which things happen.
type storm struct {
	*program
	rng     *rand.Rand
	cluster *cluster
	amazon  *amazonProcess
	tenants []*stormTenant
	key     string // of an operator
	ever    []*worker
	// trafficSeed is the seed of what goes on all the while.
	trafficSeed uint64

	mu       sync.Mutex // guards what the storm and the traffic share
	workers  []*worker
	promised []string // runs
	tally
}

// tally is what has happened.
type tally struct {
	kills, killedHolding, stops, takenOver, restarts, cuts, cut, purges, purged, stalls int
	made, changed, runs                                                                 int
	unstarted, steps, compared                                                          int
	begun                                                                               time.Time
}

func (y tally) String() string {
	return fmt.Sprintf("%d kills (%d of a worker that held connections), %d stops past the lease (%d connections were taken over meanwhile), "+
		"%d restarts of the database, %d cuts of %d connections to it, %d purges of %d doorbells; "+
		"%d workers that could not start, %d times nobody worked for %s; %d orders made, %d changes, %d runs promised; %d steps; %d orders compared; %s",
		y.kills, y.killedHolding, y.stops, y.takenOver, y.restarts, y.cuts, y.cut, y.purges, y.purged,
		y.unstarted, y.stalls, stall, y.made, y.changed, y.runs, y.steps, y.compared, time.Since(y.begun).Round(time.Second))
}

// stormTenant is a tenant of the storm.
type stormTenant struct {
	spapisim.Member
	tenant string
	orders []stormOrder // only the traffic knows them while it flows
}

// stormOrder is an order and when it was last updated, at most.
type stormOrder struct {
	id string
	at time.Time
}

// worker is a server of the storm.
type worker struct {
	*process
	url    string    // once it is known
	asleep time.Time // since when it stands still; zero: it does not
	held   int       // connections, when it was stopped
}

// Workers are killed, stopped past their leases and resumed, their database is
// restarted, its connections cut, its doorbells deleted, while Amazon has troubles,
// orders are made and changed, and runs are asked for. When it is over nothing is
// lost.
func TestChaos(t *testing.T) {
	if raceEnabled {
		t.Skip("it runs the program as it is shipped, which has no race detector; a part of its own runs it")
	}
	s := newStorm(t)
	end := make(chan struct{})
	var traffic sync.WaitGroup
	traffic.Go(func() { s.makeOrders(end) })
	traffic.Go(func() { s.askForRuns(end) })
	for _, e := range s.schedule() {
		e(s)
		s.wakeSleepers(false)
		s.progress()
		s.supervise()
	}
	s.wakeSleepers(true)
	close(end)
	traffic.Wait()
	s.calm()
	s.wantNothingLost()
	t.Log(s.tally)
	if s.kills < *chaosKills || s.stops < *chaosStops || s.restarts < *chaosRestarts {
		t.Errorf("wanted %d kills, %d stops and %d restarts", *chaosKills, *chaosStops, *chaosRestarts)
	}
}

func newStorm(t *testing.T) *storm {
	t.Helper()
	seed := *chaosSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("the schedule's seed: -chaos.seed %d", seed)
	c := newCluster(t)
	s := &storm{
		program: newInstallation(t, storetest.Postgres, c.url), cluster: c,
		rng: rand.New(rand.NewPCG(seed, 0)), trafficSeed: seed, tally: tally{begun: time.Now()},
	}
	s.amazon = s.amazonApart("--seed", fmt.Sprint(seed), "--rate-scale", fmt.Sprint(fleetRates))
	s.join()
	s.witness()
	s.key = s.program.key("--name", "storm")
	for range chaosWorkers { // all at once, on a database without doorbells
		s.workers = append(s.workers, s.worker())
	}
	for _, w := range s.workers {
		w.url = w.ready().url
	}
	s.newTroubles()
	return s
}

// join makes the sellers and imports them: the last few hours are to be read as
// live work, what was before as history.
func (s *storm) join() {
	s.t.Helper()
	now := s.now()
	var members []spapisim.Member
	s.must(s.amazon.ask("POST /fleet", spapisim.FleetSpec{
		ClientID: s.app.ClientID, Sellers: chaosTenants, Orders: 150, Regions: []string{"eu", "na", "fe"},
		From: now.Add(-28 * time.Hour), To: now.Add(-10 * time.Minute),
	}, &members))
	var lines []line
	for i, m := range members {
		one := &stormTenant{Member: m, tenant: fmt.Sprintf("tenant-%02d", i)}
		truths, err := s.amazon.orders(m.Seller)
		s.must(err)
		for _, truth := range truths {
			one.orders = append(one.orders, stormOrder{truth.Order.OrderID, truth.Order.LastUpdatedTime})
		}
		s.tenants = append(s.tenants, one)
		s.hide(m.RefreshToken)
		lines = append(lines, line{
			"tenantId": one.tenant, "region": m.Region, "sellingPartnerId": m.ID, "refreshToken": m.RefreshToken,
			"cursor": now.Add(-3 * time.Hour).UTC().Format(time.RFC3339),
		})
	}
	s.imports(lines...)
}

// worker starts a worker. The database knows each by a name of its own.
func (s *storm) worker() *worker {
	s.t.Helper()
	w := &worker{process: s.server(
		"--database-url", fmt.Sprintf("%s&application_name=worker-%d", s.database, len(s.ever)),
		"--lease", chaosLease.String(), "--call-timeout", "1s", "--workers", "6", "--sync-interval", "2s", "--history", "30h",
		"--revoked-after", "5s", "--amazon-rate-scale", fmt.Sprint(fleetRates),
	)}
	s.ever = append(s.ever, w)
	return w
}

// schedule is what happens, in the order that the seed gives.
func (s *storm) schedule() (events []func(*storm)) {
	for _, kind := range []struct {
		n     int
		event func(*storm)
	}{
		{*chaosKills, (*storm).kill},
		{*chaosStops, (*storm).stop},
		{*chaosRestarts, (*storm).restart},
		{max(1, *chaosKills/5), (*storm).cutConnections},
		{max(1, *chaosKills/5), (*storm).purgeDoorbells},
		{max(1, *chaosKills/4), (*storm).newTroubles},
	} {
		for range kind.n {
			events = append(events, kind.event)
		}
	}
	s.rng.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	return events
}
