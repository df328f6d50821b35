package telemetry

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ordersync"
	"ordersync/internal/store"
)

const (
	// fleetAge is how old the fleet's numbers may be in a scrape.
	fleetAge = 10 * time.Second
	// fleetTime is how long they may take; a scrape that gets none says so.
	fleetTime = 5 * time.Second
)

// FleetSource is where the fleet's numbers come from.
type FleetSource struct {
	Reader *store.Reader
	// ClientID is the application's.
	ClientID string
	// SecretEnds is when the client secret ends; zero: nobody knows. nil: nobody is
	// asked.
	SecretEnds func(context.Context) (time.Time, error)
	// Tell is told why the numbers cannot be had.
	Tell func(error)
}

// fleet collects what the database says of all connections. Every process says the
// same of it.
type fleet struct {
	FleetSource
	connections, freshness, reasons, needs                 *prometheus.Desc
	oldest, success, backlog, waiting, working, aside      *prometheus.Desc
	incidents, held, valid, secret, ending, ended, ceiling *prometheus.Desc
	up, took                                               *prometheus.Desc
}

// NewFleet collects the numbers of the fleet when it is scraped.
func NewFleet(source FleetSource) prometheus.Collector {
	d := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(namespace+"_"+name, help, labels, nil)
	}
	return &fleet{
		FleetSource: source,
		connections: d("connections", "Connections by state.", "state", "paused"),
		freshness:   d("connections_by_freshness", "Connections that are connected and not paused, by the age of what is complete; each is in one band only.", "band"),
		reasons:     d("connections_by_reason", "Connections by the reason of their latest outcome.", "reason"),
		needs:       d("connections_needing_human", "Connections that somebody must see to, by reason and by who that is.", "reason", "actor"),
		oldest:      d("oldest_complete_until_age_seconds", "Of the connections that are connected and not paused, the age of what is complete where that is longest ago."),
		success:     d("last_success_age_seconds", "How long ago any connection was brought up to date; infinite while some are connected and none ever was."),
		backlog:     d("backlog_connections", "Connections whose work is due and that nobody has claimed.", "work"),
		waiting:     d("backlog_oldest_age_seconds", "How long the longest of them has been due; 0: none is.", "work"),
		working:     d("connections_working", "Connections that a worker holds."),
		aside:       d("set_aside_orders", "Orders that are set aside."),
		incidents:   d("incident_open", "1 while trouble of a kind is shared by many connections of a region.", "region", "kind"),
		held:        d("incident_connections", "Connections that an open incident holds.", "region", "kind"),
		valid:       d("application_credentials_valid", "0 while Amazon refuses the application's credentials and the whole fleet stands still."),
		secret:      d("client_secret_remaining_seconds", "Until the application's client secret ends; absent while nobody knows."),
		ending:      d("authorizations_ending", "Sellers' authorisations that end within so many days; those within 5 are among those within 30.", "within_days"),
		ended:       d("authorizations_ended", "Sellers' authorisations that have ended."),
		ceiling:     d("amazon_search_ceiling_requests_per_second", "What Amazon's budgets for searchOrders permit in the long run, all sellers together."),
		up:          d("fleet_scrape_success", "1 when the numbers of the fleet could be read; without them there are none of the others."),
		took:        d("fleet_scrape_duration_seconds", "How long that took."),
	}
}

// Describe tells of what is collected.
func (f *fleet) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		f.connections, f.freshness, f.reasons, f.needs, f.oldest, f.success, f.backlog, f.waiting, f.working, f.aside,
		f.incidents, f.held, f.valid, f.secret, f.ending, f.ended, f.ceiling, f.up, f.took,
	} {
		out <- d
	}
}

// fleetNumbers are what a scrape reads.
type fleetNumbers struct {
	store.Fleet
	ceiling     float64
	application store.Application
	secretEnds  time.Time
}

// Collect reads the numbers, within its time.
func (f *fleet) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	begun := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), fleetTime)
	defer cancel()
	n, err := f.read(ctx)
	gauge(f.took, time.Since(begun).Seconds())
	if err != nil {
		f.Tell(err)
		gauge(f.up, 0)
		return
	}
	gauge(f.up, 1)
	f.collectConnections(n, gauge)
	f.collectRest(n, gauge)
}

func (f *fleet) read(ctx context.Context) (n fleetNumbers, err error) {
	if n.Fleet, err = f.Reader.RecentFleet(ctx, fleetAge); err != nil {
		return n, err
	}
	if n.ceiling, err = f.Reader.RecentCeiling(ctx, fleetAge); err != nil {
		return n, err
	}
	if n.application, err = f.Reader.Application(ctx, f.ClientID); err != nil {
		return n, err
	}
	if f.SecretEnds != nil {
		n.secretEnds, err = f.SecretEnds(ctx)
	}
	return n, err
}

// bandNames are the values of the label band, in the order of [store.FreshnessBands].
var bandNames = [len(store.FreshnessBands)]string{"under_10m", "under_30m", "under_2h", "under_12h", "older"}

// actorNames are the values of the label actor.
var actorNames = map[ordersync.Actor]string{
	ordersync.Tenant: "tenant", ordersync.Operator: "operator", ordersync.TenantOrOperator: "tenant_or_operator", ordersync.Us: "developers",
}

type gauge func(d *prometheus.Desc, value float64, labels ...string)

func (f *fleet) collectConnections(n fleetNumbers, out gauge) {
	for _, state := range []ordersync.State{ordersync.Pending, ordersync.Connected, ordersync.NeedsReconnect, ordersync.Disabled} {
		out(f.connections, float64(n.ByState[state]), string(state), "false")
		out(f.connections, float64(n.Paused[state]), string(state), "true")
	}
	for band, name := range bandNames {
		out(f.freshness, float64(n.Freshness[band]), name)
	}
	out(f.freshness, float64(n.Unread), "unread")
	for _, info := range ordersync.Reasons() {
		out(f.reasons, float64(n.ByReason[info.Code]), string(info.Code))
	}
	for need, count := range n.Needs {
		out(f.needs, float64(count), string(need.Reason), actorNames[need.Actor])
	}
	if !n.OldestComplete.IsZero() {
		out(f.oldest, n.At.Sub(n.OldestComplete).Seconds())
	}
	switch {
	case !n.LastSuccess.IsZero():
		out(f.success, n.At.Sub(n.LastSuccess).Seconds())
	case n.ByState[ordersync.Connected] > 0:
		out(f.success, math.Inf(1))
	}
	for work, b := range map[ordersync.WalkKind]store.Backlog{ordersync.Live: n.Live, ordersync.Back: n.Back} {
		out(f.backlog, float64(b.Due), string(work))
		age := 0.0
		if !b.Oldest.IsZero() {
			age = n.At.Sub(b.Oldest).Seconds()
		}
		out(f.waiting, age, string(work))
	}
	out(f.working, float64(n.Working))
	out(f.aside, float64(n.SetAside))
}

func (f *fleet) collectRest(n fleetNumbers, out gauge) {
	type trouble struct {
		region ordersync.Region
		kind   store.FailureKind
	}
	open := map[trouble]int{}
	for _, i := range n.Incidents {
		open[trouble{i.Region, i.Kind}] = i.Connections
	}
	for _, region := range []ordersync.Region{ordersync.RegionEU, ordersync.RegionNA, ordersync.RegionFE} {
		for _, kind := range []store.FailureKind{store.FailedDenied, store.FailedRevoked, store.FailedUnavailable} {
			count, is := open[trouble{region, kind}]
			out(f.incidents, truth(is), string(region), string(kind))
			out(f.held, float64(count), string(region), string(kind))
		}
	}
	out(f.valid, truth(!n.application.Stopped()))
	if !n.secretEnds.IsZero() {
		out(f.secret, n.secretEnds.Sub(n.At).Seconds())
	}
	out(f.ending, float64(n.Ends.Within5), "5")
	out(f.ending, float64(n.Ends.Within15), "15")
	out(f.ending, float64(n.Ends.Within30), "30")
	out(f.ended, float64(n.Ends.Over))
	out(f.ceiling, n.ceiling/time.Minute.Seconds())
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
