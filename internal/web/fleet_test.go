package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// The page answers: whether anything is wrong, for whom, why, what to do, and whether
// anything is lost.
func TestFleet(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		b := newBoard(t, kind)
		v := b.signedIn("")
		v.get("/").has(t, "Nothing is connected yet", "ordersync connect", "ordersync tenants import")

		good := b.connect("good", func(in *store.Import) { in.DisplayName = new(`Tide & "Timber" <b>`) })
		b.settle(good, ordersync.Outcome{Reason: ordersync.Success})
		b.fresh()
		v.get("/").has(t, "All well", `#i-well`, "All well. Nobody has to do anything.", "1 of 1", "Tide &amp; &#34;Timber&#34; &lt;b&gt;, EU: fresh")

		rejected, waits, gone := b.connect("rejected"), b.connect("waits"), b.connect("gone/or not")
		paused := b.connect("paused")
		b.settle(rejected, ordersync.Outcome{Reason: ordersync.RequestRejected})
		b.settle(waits, ordersync.Outcome{Reason: ordersync.AmazonRateLimit})
		b.settle(gone, ordersync.Outcome{Reason: ordersync.TokenMissing})
		b.must(b.engine.Pause(b.ctx, "paused", paused))
		b.fresh()
		page := v.get("/")
		page.has(t, "2 need you", "2 things need you.", "1 of 5", "4 are behind", "Nothing is lost", "Of 4 nothing was read yet.",
			`id="you"`, "Paused by an operator", "PAUSED", "Amazon rejects our request", fmt.Sprintf(`href="/connections/rejected/%d"`, rejected), "REQUEST_REJECTED",
			`id="seller"`, "No refresh token is stored", fmt.Sprintf(`href="/connections/gone%%2For%%20not/%d"`, gone), "TOKEN_MISSING",
			`id="nobody"`, "Amazon’s budget is empty", "AMAZON_RATE_LIMIT", "It goes on", `12:05:00`,
			`class="tank`, `class="tank need"`)
		v.header.Set("Accept-Language", "fr")
		v.get("/").has(t, "2 choses vous attendent.", "Rien n’est perdu", "À vous d’agir", "Amazon rejette notre requête")
	})
}

// Orders that were set aside are a thing to do, also where all goes well otherwise.
func TestFleetWithOrdersSetAside(t *testing.T) {
	onBoards(t, func(t *testing.T, b *board) {
		id, bad, v := b.busy("acme"), b.connect("beta"), b.signedIn("")
		b.exec(`UPDATE connections SET last_reason = 'SUCCESS' WHERE id = $1`, id)
		b.settle(bad, ordersync.Outcome{Reason: ordersync.RequestRejected})
		b.exec(`INSERT INTO set_aside SELECT 'beta', $1, entry, order_id, cause, body, first_at, last_at, tries, next_try_at, from_at, to_at, marketplaces FROM set_aside`, bad)
		b.fresh()
		page := v.see("/")
		wantWords(t, page, "2 things need you.", "2 orders are set aside, and asked for again.", "2 connections wait for an operator", "Orders that cannot be read or stored", "SET_ASIDE", connectionHref("acme", id),
			"Look at the causes on the connection’s page")
		wantWords(t, v.see("/connections"), "2 need a human: 2 an operator, 0 their seller.", "Orders that cannot be read or stored (2)")
		wantWords(t, page, `class="tank need"`, "EU: 1 h old; needs a human, orders that cannot be read or stored")
		wantWords(t, v.see("/connections?needs=1"), connectionHref("acme", id), connectionHref("beta", bad))
		list := v.see("/connections?reason=SET_ASIDE&q=a")
		wantWords(t, list, connectionHref("acme", id), "Some orders are set aside", `value="SET_ASIDE" selected`, "Operator")
		wantWords(t, v.in("fr").see("/"), "Commandes illisibles ou impossibles à enregistrer")
		b.exec(`UPDATE connections SET state = 'DISABLED'`)
		b.fresh()
		if page := v.in("en").see("/"); strings.Contains(page, "SET_ASIDE") {
			t.Error("what is switched off has something to do")
		}
	})
}

// fresh lets the page be read anew.
func (b *board) fresh() { b.pages.board.fleet.forget() }

// While the application is stopped there is one trouble, whatever each connection said
// last.
func TestFleetThatStandsStill(t *testing.T) {
	f := fleetNow{standings: []store.Standing{
		{Region: ordersync.RegionEU, State: ordersync.Connected, N: 7, Reason: ordersync.Success},
		{Region: ordersync.RegionEU, State: ordersync.Connected, N: 3, Reason: ordersync.AppCredentialsInvalid},
		{Region: ordersync.RegionEU, State: ordersync.Connected, Paused: true, N: 2},
	}}
	f.app.StoppedAt = boardStart
	all := f.troubles()
	if len(all) != 2 || all[0].reason != ordersync.AppCredentialsInvalid || all[0].n != 10 || !all[0].since.Equal(boardStart) || all[1].reason != ordersync.Paused {
		t.Errorf("%+v", all)
	}
}

// Trouble that many share is told as such, and of whom it is no verdict.
func TestFleetInAnIncident(t *testing.T) {
	f := fleetNow{incidents: []store.SharedTrouble{{
		Incident: store.Incident{Region: ordersync.RegionEU, Kind: store.FailedUnavailable, OpenedAt: boardStart}, Connections: 1200,
	}}}
	notes := f.incidentNotes(&visit{words: wordsOf("en")})
	if len(notes) != 1 || notes[0].Text != "Amazon does not answer for many sellers of EU: 1,200 connections." || !notes[0].Since.Equal(boardStart) {
		t.Errorf("%+v", notes)
	}
}

// A visitor has the whole page before the fleet is read anew for those who come next.
func TestNobodyWaitsForAReading(t *testing.T) {
	b := newBoard(t, storetest.SQLite)
	b.connect("acme")
	v := b.signedIn("")
	v.see("/")
	reading, ended := make(chan struct{}), make(chan struct{})
	fleet := b.pages.board.fleet
	fleet.mu.Lock()
	fleet.readAt = fleet.readAt.Add(-keptMost / 2)
	read := fleet.load
	fleet.load = func(ctx context.Context) (fleetNow, error) {
		close(reading)
		<-ended
		return read(ctx)
	}
	fleet.mu.Unlock()
	v.see("/")
	<-reading
	v.see("/settings") // its corner shows the fleet too
	close(ended)
}

// A bug of ours breaks off one answer, is logged, and ends nothing else.
func TestPanicsAreContained(t *testing.T) {
	var logged logBook
	b := newBoard(t, storetest.SQLite, func(c *Config) { c.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
	v := b.signedIn("")
	v.see("/")
	fleet, broken := b.pages.board.fleet, make(chan struct{}, 10)
	fleet.mu.Lock()
	fleet.readAt, fleet.load = fleet.readAt.Add(-keptMost/2), func(context.Context) (fleetNow, error) {
		defer func() { broken <- struct{}{} }()
		panic("a bug")
	}
	fleet.mu.Unlock()
	v.see("/") // reading for others panics beside it
	<-broken
	fleet.forget()
	if a, err := v.client.Get(b.server.URL + "/"); err == nil {
		_ = a.Body.Close()
		t.Errorf("a page that panics is answered %d", a.StatusCode)
	}
	b.pages.board.renewing.Wait()
	if n := strings.Count(logged.String(), "a bug"); n < 2 {
		t.Errorf("%d panics are logged: %s", n, logged.String())
	}
	if a := v.get("/static/style.css"); a.status != http.StatusOK {
		t.Errorf("afterwards: %d", a.status)
	}
}

// A page that is watched is sent what changes, until its session ends.
func TestLive(t *testing.T) {
	b := newBoard(t, storetest.SQLite)
	id := b.connect("acme")
	b.settle(id, ordersync.Outcome{Reason: ordersync.Success})
	v := b.signedIn("")
	events := v.watch("/")
	first := nextEvent(t, events)
	for _, want := range []string{`hx-target="#pill"`, `hx-target="#verdict"`, "All well. Nobody", `hx-target="#tanks"`} {
		if !strings.Contains(first, want) {
			t.Errorf("%s is missing in the first message: %s", want, first)
		}
	}
	b.must(b.engine.Pause(b.ctx, "acme", id))
	b.fresh()
	var changed string
	for !strings.Contains(changed, "1 thing needs you.") {
		changed = nextEvent(t, events)
	}
	if strings.Contains(changed, `hx-target="#soon"`) {
		t.Errorf("what has not changed is sent: %s", changed)
	}
	keys, err := b.store.Reader().Keys(b.ctx)
	b.must(err)
	b.must(b.engine.RevokeKey(b.ctx, keys[0].ID))
	for err == nil {
		_, err = events.ReadString('\n')
	}
}

func TestEvent(t *testing.T) {
	if got, want := event("a\r\nb\rc\n"), "data: a\ndata: b\ndata: c\ndata: \n\n"; got != want {
		t.Errorf("%q", got)
	}
}

// However the fleet is spread, the picture has a thousand squares, and no kind that
// exists is missing.
func TestWaffle(t *testing.T) {
	for _, counts := range [][tankKinds]int64{
		{100_000}, {97_904, 1_000, 800, 100, 1, 185, 10}, {1, 1, 1, 1, 1, 1, 99_994}, {0, 0, 0, 0, 700, 1, 0}, {143, 143, 143, 143, 143, 143, 142},
	} {
		total, sum := int64(0), 0
		for _, n := range counts {
			total += n
		}
		shares := sharesOf(counts, total)
		for kind, n := range counts {
			sum += shares[kind]
			if n > 0 != (shares[kind] > 0) {
				t.Errorf("%v: %v", counts, shares)
			}
		}
		if sum != squares {
			t.Errorf("%v: %v are %d squares", counts, shares, sum)
		}
	}
	f := fleetNow{standings: []store.Standing{{Region: ordersync.RegionEU, State: ordersync.Connected, N: 5000}, {Region: ordersync.RegionNA, State: ordersync.Pending, N: 1}}}
	var data fleetData
	v := &visit{words: wordsOf("en")}
	f.tanks(v, &data)
	if !data.Large || data.PerSquare != 5 || len(data.Waffle) == 0 || !strings.HasPrefix(data.WaffleStory, "1,000 squares, worst first: 999 stand") {
		t.Errorf("%+v", data)
	}
}
