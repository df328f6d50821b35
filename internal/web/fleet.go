package web

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"
)

// fleetScreen is the first page: whether anything is wrong, for whom, why, and what
// to do.
func fleetScreen() screen {
	return screen{
		name: "fleet", path: "/{$}", nav: "fleet", entry: "Fleet", icon: "fleet", operator: true,
		live: []string{"verdict", "standing", "tanks", "charts", "soon"},
		load: (*dashboard).loadFleet,
	}
}

const (
	// mostTanks is up to how many connections each has a square of its own.
	mostTanks = 600
	// eachTrouble is how many connections of one trouble are read, namedOnes how many
	// are named.
	eachTrouble, namedOnes = 5, 3
	// soonDays is how long before its end something is announced; mostSoon how many
	// are shown.
	soonDays, mostSoon = 30, 12
	// chartTime is how far back the charts reach.
	chartTime = 3 * time.Hour
)

// fleetNow is what is read of the fleet for every visitor.
type fleetNow struct {
	at        time.Time
	standings []store.Standing
	stands    []store.Stand // nil of a large fleet
	troubled  []store.Stand
	aside     store.SetAsideFleet
	app       store.Application
	warnings  []engine.Warning
	calendar  []ordersync.Connection
	traffic   []store.TrafficMinute
	ceiling   float64
	incidents []store.SharedTrouble
}

// readFleet reads how the fleet stands.
func (d *dashboard) readFleet(ctx context.Context) (f fleetNow, err error) {
	f.at = d.Now()
	steps := []func() error{
		func() error { f.standings, err = d.Reader.Standings(ctx); return err },
		func() error { f.troubled, err = d.Reader.Troubled(ctx, eachTrouble); return err },
		func() error {
			if f.count() <= mostTanks {
				f.stands, err = d.Reader.Stands(ctx, mostTanks)
			}
			return err
		},
		func() error {
			most := eachTrouble
			if f.count() <= mostTanks {
				most = mostTanks // each has a square of its own
			}
			f.aside, err = d.Reader.SetAside(ctx, most)
			return err
		},
		func() error { f.app, err = d.Reader.Application(ctx, d.ClientID); return err },
		func() error { f.warnings, err = d.Engine.Warnings(ctx); return err },
		func() error {
			f.calendar, _, err = d.Reader.Authorizations(ctx, store.AuthorizationPage{Until: f.at.AddDate(0, 0, soonDays), Limit: 100})
			return err
		},
		func() error { f.traffic, err = d.Reader.Traffic(ctx, f.at.Add(-chartTime), f.at); return err },
		func() error { f.ceiling, err = d.Reader.Ceiling(ctx); return err },
		func() error { f.incidents, err = d.Reader.SharedTroubles(ctx); return err },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (f fleetNow) count() (n int64) {
	for _, s := range f.standings {
		n += s.N
	}
	return n
}

// pill is how many things need a human, for the corner of every page.
func (d *dashboard) pill(ctx context.Context, who Viewer) (n int, known bool) {
	if !who.Operator() {
		return 0, false
	}
	f, err := d.fleet.get(ctx)
	if err != nil {
		return 0, false // the page itself may still be shown
	}
	for _, t := range f.troubles() {
		if t.acts == actsYou {
			n++
		}
	}
	return n, true
}

// fleetData fills the page.
type fleetData struct {
	Title, Head, OnTimeText     string
	Trouble, Empty, Large       bool
	Connections, OnTime, Behind int64
	Unread, SetAside            int64 // connections that are behind since nothing was read; orders
	Worst                       *namedConnection
	Incidents                   []incidentNote
	Sections                    []todoSection
	Regions                     []regionTanks
	PerSquare                   int64
	Waffle, WaffleSlim          []wafflePath
	WaffleStory                 string
	Charts                      []chart
	Soon                        []soonRow
}

// namedConnection is a connection that a sentence names.
type namedConnection struct {
	Name, Region, Href string
	Cursor             time.Time
}

// connectionHref is the page of a connection.
func connectionHref(tenant ordersync.TenantID, id ordersync.ConnectionID) string {
	return fmt.Sprintf("/connections/%s/%d", url.PathEscape(string(tenant)), id)
}

// nameOf is what a connection is called: its display name, else its tenant.
func nameOf(displayName string, tenant ordersync.TenantID) string {
	if displayName != "" {
		return displayName
	}
	return string(tenant)
}

func named(s store.Stand) namedConnection {
	return namedConnection{Name: nameOf(s.DisplayName, s.Tenant), Region: regionTag(s.Region), Href: connectionHref(s.Tenant, s.ID), Cursor: s.Cursor}
}

func (d *dashboard) loadFleet(ctx context.Context, v *visit) (any, error) {
	f, err := d.fleet.get(ctx)
	if err != nil {
		return nil, err
	}
	v.ReadAt = f.at
	data := fleetData{Connections: f.count()}
	if data.Connections == 0 {
		data.Empty, data.Title = true, v.T("Nothing is connected yet")
		return data, nil
	}
	troubles := f.troubles()
	data.Incidents = f.incidentNotes(v)
	data.Sections = sectionsOf(v, troubles)
	f.verdict(v, troubles, &data)
	f.tanks(v, &data)
	data.Charts = f.charts(v)
	data.Soon = f.soon(v)
	return data, nil
}

// verdict writes the page's first sentences.
func (f fleetNow) verdict(v *visit, troubles []trouble, data *fleetData) {
	you, sellers := 0, 0
	for _, t := range troubles {
		switch t.acts {
		case actsYou:
			you++
		case actsSeller:
			sellers++
		}
	}
	switch data.Trouble = you > 0; {
	case you > 0:
		data.Head = v.TN(you, "%s thing needs you.", "%s things need you.")
		data.Title = v.T("Fleet") + ": " + v.TN(you, "%s thing needs you", "%s things need you")
	case sellers > 0:
		data.Head = v.T("Nothing needs you. Sellers must act.")
		data.Title = v.T("Fleet") + ": " + v.T("sellers must act")
	default:
		data.Head = v.T("All well. Nobody has to do anything.")
		data.Title = v.T("Fleet") + ": " + v.T("all well")
	}
	for _, s := range f.standings {
		if s.State == ordersync.Disabled {
			data.Connections -= s.N // somebody's wish
			continue
		}
		if (standing{s}).onTime() {
			data.OnTime += s.N
		}
		if s.Band < 0 {
			data.Unread += s.N
		}
	}
	data.Behind, data.SetAside = data.Connections-data.OnTime, f.aside.Orders
	data.OnTimeText = v.T("connections are on time.")
	if data.Behind > 0 {
		data.OnTimeText = v.TN(data.Behind, "connections are on time; %s is behind.", "connections are on time; %s are behind.")
	}
	for _, s := range f.troubled {
		if !s.Cursor.IsZero() && s.Band > 0 && (data.Worst == nil || s.Cursor.Before(data.Worst.Cursor)) {
			one := named(s)
			data.Worst = &one
		}
	}
}

// incidentNote is trouble that many connections of a region share.
type incidentNote struct {
	Text  string
	Since time.Time
}

// incidentWords say what kind of trouble is shared.
var incidentWords = map[store.FailureKind]string{
	store.FailedDenied:      "Amazon denies access to many sellers of %s",
	store.FailedRevoked:     "Amazon calls the consents of many sellers of %s invalid",
	store.FailedUnavailable: "Amazon does not answer for many sellers of %s",
}

func (f fleetNow) incidentNotes(v *visit) (out []incidentNote) {
	for _, one := range f.incidents {
		text := v.T(incidentWords[one.Kind], regionTag(one.Region)) + ": " + v.TN(one.Connections, "%s connection.", "%s connections.")
		out = append(out, incidentNote{text, one.OpenedAt})
	}
	return out
}

// soonRow is something that will end.
type soonRow struct {
	Name, Region, Href, Step string
	EndsAt                   time.Time
}

// soon lists what ends within thirty days, the next first.
func (f fleetNow) soon(v *visit) (out []soonRow) {
	for _, w := range f.warnings {
		if !w.EndsAt.IsZero() && w.EndsAt.After(v.Now) {
			out = append(out, soonRow{Name: v.T("Amazon application secret"), Step: "ordersync app rotate-secret", EndsAt: w.EndsAt})
		}
	}
	for _, c := range f.calendar {
		if end := c.AuthorizedUntil(); end.After(v.Now) && c.State == ordersync.Connected {
			out = append(out, soonRow{
				Name: nameOf(c.DisplayName, c.Tenant), Region: regionTag(c.Region), EndsAt: end,
				Href: connectionHref(c.Tenant, c.ID) + "#reconnect", Step: v.T("Send the link to reconnect"),
			})
		}
	}
	slices.SortStableFunc(out, func(a, b soonRow) int { return a.EndsAt.Compare(b.EndsAt) })
	return out[:min(len(out), mostSoon)]
}
