package simulation

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/secret"
	"ordersync/internal/spapisim"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// begin is when every world begins. A bubble's own clock begins in 2000.
var begin = time.Date(2026, 2, 3, 10, 0, 0, 0, time.UTC)

// world is a simulated Amazon, a database and everybody who works with it.
type world struct {
	t    testing.TB
	ctx  context.Context
	plan plan
	rng  *rand.Rand // of everything that is drawn in a step
	*stepper

	sim     *spapisim.Simulator
	app     spapisim.Application
	memory  *storetest.Memory
	vault   *vault
	given   environment
	allKeys []string
	all     *secret.Box // opens what any of the right keys sealed
	wrong   *secret.Box // of another master key
	sellers []*seller
	fleet   []*connection
	runs    []ordersync.RunID
	witness *witness
	desk    *desk

	processes []*process
	slots     []*slot // workers
	bells     []ordersync.ConnectionID
	poke      chan struct{} // the tick: look again
	over      chan struct{} // closed: everybody goes home
	living    int           // tasks that have not ended; of the stepper alone

	stormy     bool
	away       time.Time // until when the database is away
	deaf       time.Time // until when nobody answers doorbells
	fired      map[fault]int
	calls      int            // to Amazon
	visits     int            // of sellers at Amazon's consent page
	seats      []*store.Store // of those that are free
	narrow     int            // times that the application has lost roles
	rotating   bool           // the client secret
	rekeying   bool           // the master key
	errands    int            // of sellers and administrators that have not ended
	vaultCalls int
	vaulted    bool  // processes that start are told of Vault
	troubled   fault // what all calls of Vault meet; "": nothing
	commits    int
	begun      time.Time
	calm       time.Time // when the storm ended
	endings    []ending
	reader     *store.Reader
	demands    int      // orders that had to be as Amazon has them
	unknowns   []string // errors that nobody foresaw, as logged
	emitted    map[string]int
	violations []string
	subjects   []string // what the violations are about, for the journal
}

// seller is an account at Amazon and what happens to it.
type seller struct {
	spapisim.Seller
	ids     []string                 // its orders
	poison  time.Time                // of an instant whose window is never answered
	late    map[string]time.Duration // how much later than said orders are shown
	quiet   map[string]quietly       // orders changed without a new time, and when
	damaged map[string]fault         // orders that cannot be read, and how
	refused bool                     // by Login, whatever its token

	withdrawn time.Time // when it last withdrew its authorisation
}

// connection is an account of a tenant's, as the operator knows it.
type connection struct {
	n        int // its number, from 1
	tenant   ordersync.TenantID
	id       ordersync.ConnectionID
	seller   *seller
	explicit bool
	some     bool // of several explicit marketplaces only the first is named
	unnamed  bool // the seller id is not given
	nameless bool // nor was it in the beginning, when its budget was its own
	personal bool
	cursor   string // to be imported
	given    string // and as it was

	// What the operator wants.
	state   ordersync.State
	token   bool
	paused  bool
	removed bool      // or not connected yet
	first   bool      // it is to be connected by consent
	since   time.Time // history is wanted from here on; zero: as the settings say
	tokens  []string  // every refresh token that was given
	// What was done to it, and when.
	emptied      bool // it took part nowhere for a while
	authorized   time.Time
	held         time.Time          // when the token was given that the installation has
	revoked      []ordersync.Window // its refresh token was worth nothing
	disabled     []ordersync.Window
	tokenless    []ordersync.Window
	left         bool // in trouble for good
	dead         bool // its token has ended for good, whatever else is said of it
	busy         bool // somebody acts on it
	cut          *cut // as it was disconnected; nil: it is not
	fresh        time.Time
	walked, sure time.Time
}

func newWorld(t testing.TB, seed uint64, keep bool) *world {
	p := drawPlan(seed)
	w := &world{
		t: t, ctx: context.Background(), plan: p, rng: rand.New(rand.NewPCG(seed, 3)), stepper: newStepper(seed, &journal{keep: keep}),
		vault: newVault(), vaulted: p.vault && !p.inBase, poke: make(chan struct{}, 1), over: make(chan struct{}), fired: map[fault]int{}, emitted: map[string]int{}, begun: time.Now(),
	}
	w.witness = newWitness(w)
	var err error
	w.sim, err = spapisim.New(spapisim.Config{Seed: seed, RateScale: p.rateScale, Switches: p.switches})
	w.must(err)
	roles := []spapisim.Role{spapisim.RoleInventory, spapisim.RoleDirectShipping}
	w.app, err = w.sim.AddApplication(spapisim.ApplicationSpec{Roles: roles, RedirectURIs: []string{redirectURI}, LoginURI: loginURI})
	w.must(err)
	w.memory = storetest.NewMemory(t, "seed"+strconv.FormatUint(seed, 10))
	w.audit()
	w.given = environment{clientSecret: w.app.ClientSecret, keys: []string{secret.GenerateMasterKey()}}
	w.allKeys = slices.Clone(w.given.keys)
	w.all, w.wrong = w.boxOf(w.allKeys...), w.boxOf(secret.GenerateMasterKey())
	w.settle()
	return w
}

func (w *world) boxOf(keys ...string) *secret.Box {
	box, err := secret.ParseMasterKey(strings.Join(keys, ","))
	w.must(err)
	return box
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("seed %d: %v", w.plan.seed, err)
	}
}

// settle makes sellers, their history, and the connections that are to be
// imported.
func (w *world) settle() {
	for i := range w.plan.connections {
		s := w.newSeller(i)
		if i > 0 && w.rng.IntN(10) == 0 { // two tenants of one seller
			w.sellers, s = w.sellers[:len(w.sellers)-1], w.sellers[w.rng.IntN(len(w.sellers)-1)]
		}
		c := &connection{
			n: i + 1, tenant: ordersync.TenantID(fmt.Sprintf("t%02d", i)), seller: s,
			explicit: w.rng.IntN(2) == 0, unnamed: w.rng.IntN(5) == 0, personal: w.rng.IntN(4) == 0,
			state: ordersync.Connected, token: true,
		}
		if w.plan.vault && w.plan.preset == "ordersync" {
			c.unnamed = false // the path of its token has the seller's id
		}
		c.nameless = c.unnamed
		c.some = c.explicit && w.plan.on[marketAdded] && w.rng.IntN(2) == 0
		if i > 1 && w.plan.on[firstConsent] && w.rng.IntN(3) == 0 {
			c.removed, c.first, c.explicit, c.some, c.personal = true, true, false, false, false
		}
		c.cursor = w.firstCursor()
		if c.first {
			c.cursor = ""
		}
		c.given = c.cursor
		w.fleet = append(w.fleet, c)
	}
	if len(w.sellers) == len(w.fleet) { // else one tenant's consent would end another's
		w.plan.switches.OldToken = pick(w.rng, "", spapisim.OldTokenRenewed, spapisim.OldTokenEnds)
		w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.OldToken = w.plan.switches.OldToken }))
	}
}

// newSeller adds a seller with a history. Sizes differ much.
func (w *world) newSeller(i int) *seller {
	region := "eu"
	if i >= 5 && w.rng.IntN(3) == 0 {
		region = []string{"na", "fe"}[w.rng.IntN(2)]
	}
	account, err := w.sim.AddSeller(spapisim.SellerSpec{Region: region})
	w.must(err)
	s := &seller{Seller: account, late: map[string]time.Duration{}, quiet: map[string]quietly{}, damaged: map[string]fault{}}
	w.sellers = append(w.sellers, s)
	n := pick(w.rng, 0, 3, 8, 15, 25)
	if i == 0 {
		n = 25 + w.rng.IntN(40)
	}
	back := min(w.plan.history, 12*24*time.Hour)
	now := time.Now()
	s.ids, err = w.sim.Generate(s.Key, spapisim.Generate{
		N: n, From: now.Add(-back), To: now.Add(-time.Minute), Living: true, Items: 1 + w.rng.IntN(2),
		Unknown: 0.1, Odd: 0.1, SameTime: pick(w.rng, 0, 0, 0, 4),
	})
	w.must(err)
	if n > 0 && w.rng.IntN(3) == 0 { // some history was unreadable from the first
		w.damage(s)
	}
	return s
}

// firstCursor is what an operator brings of the system before.
func (w *world) firstCursor() string {
	now := time.Now().UTC()
	switch w.rng.IntN(8) {
	case 0:
		if w.plan.on[cursorGarbage] {
			return pick(w.rng, "f45c563a-c72e-4025-abe9-96d8d0a86a69", "2026-99-99", "1738576800", "{}")
		}
	case 1:
		if w.plan.on[cursorAhead] {
			return now.Add(pick(w.rng, 10*time.Minute, 40*time.Hour)).Format(time.RFC3339)
		}
	case 2:
		if w.plan.on[cursorStale] {
			return "2009-05-01"
		}
	case 3, 4:
		return now.Add(-time.Duration(w.rng.IntN(20*60)) * time.Minute).Format(time.RFC3339)
	}
	return ""
}

// authorize gives a connection a refresh token of Amazon's.
func (w *world) authorize(c *connection) {
	token, err := w.sim.Authorize(w.app.ClientID, c.seller.Key, spapisim.RoleInventory, spapisim.RoleDirectShipping)
	w.must(err)
	c.token, c.authorized = true, time.Now()
	c.tokens = append(c.tokens, token)
	if !w.tokensEnd() || c.id == 0 || c.removed {
		return
	}
	c.dead = true // until the new one is brought
	if !open(c.revoked) {
		c.revoked = append(c.revoked, ordersync.Window{From: c.authorized})
	}
}

// authorizeLongAgo gives a connection a refresh token that soon ends by itself.
func (w *world) authorizeLongAgo(c *connection) {
	const year = 365 * 24 * time.Hour
	ends := w.draw(20*time.Minute, 5*time.Hour)
	was := w.plan.switches.ClockSkew
	w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.ClockSkew = was - spapisim.Duration(year-ends) }))
	w.authorize(c)
	w.must(w.sim.SetSwitches(func(sw *spapisim.Switches) { sw.ClockSkew = was }))
	c.authorized = time.Now().Add(ends - year)
	given := c.authorized
	w.endings = append(w.endings, ending{time.Now().Add(ends - 10*time.Minute), authorisationEnd, func() { w.lapse(c, given) }})
}

// lapse is the end of a year.
func (w *world) lapse(c *connection, given time.Time) {
	w.journal.note("episode", "the authorisation of %s, given at %s, ends; its last is of %s", c.tenant, given, c.authorized)
	if !c.removed && !c.authorized.Equal(given) && c.held.Equal(given) {
		// The seller has agreed again, and the operator cannot bring the new token.
		c.dead = true
		if !open(c.revoked) {
			c.revoked = append(c.revoked, ordersync.Window{From: c.authorized})
		}
	}
	if c.removed || !c.authorized.Equal(given) {
		return
	}
	if !w.stormy { // nobody waits for the end of it
		w.sendToConsent(c, connecting)
		return
	}
	w.count(authorisationEnd)
	c.dead = true
	if !open(c.revoked) {
		c.revoked = append(c.revoked, ordersync.Window{From: time.Now()})
	}
	w.endings = append(w.endings, ending{time.Now().Add(w.draw(20*time.Minute, 4*time.Hour)), authorisationEnd, func() { w.sendToConsent(c, connecting) }})
}

// spec is what the operator imports of a connection.
func (w *world) spec(c *connection) engine.ConnectionSpec {
	s := engine.ConnectionSpec{
		Tenant: c.tenant, Region: ordersync.Region(c.seller.Region), State: c.state, Cursor: c.cursor, PersonalData: &c.personal,
		AuthorizedAt: c.authorized,
	}
	if !c.unnamed {
		s.SellerID = c.seller.ID
	}
	if c.explicit {
		ids := c.seller.MarketplaceIDs()
		if c.some {
			ids = ids[:1]
		}
		s.Marketplaces = &ids
	}
	if c.token {
		s.RefreshToken = secret.New(c.tokens[len(c.tokens)-1])
	}
	return s
}

// settingsOf are the engine's for a process.
func (w *world) settingsOf(p *process) engine.Settings {
	return engine.Settings{
		Holder: p.name, ClientID: w.app.ClientID, RateScale: w.plan.rateScale,
		Interval: w.plan.interval, Lease: p.lease, RevokedAfter: w.plan.revokedAfter,
		History: w.plan.history, Sweep: w.plan.sweep, Workers: w.plan.workers,
		Jitter: jitter, Vault: p.vault, Consent: engine.ConsentSettings{
			ApplicationID: w.app.ApplicationID, RedirectURI: redirectURI, ConsentURL: "https://sellercentral.example", PublicURL: "https://orders.example",
		},
	}
}

// jitter is a part of a duration that depends on the time alone: tasks of a process
// that was killed ask for it outside of a step.
func jitter(d time.Duration) time.Duration {
	return time.Duration(rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), uint64(d))).Int64N(int64(d)))
}

// digestKey is the same for all processes.
var digestKey = bytes.Repeat([]byte{7}, 32)

// openStore opens the database as one more task that works alone.
func (w *world) openStore() *store.Store {
	s, err := w.memory.Open(w.ctx, store.Options{Merge: mergeRaw}, w.watch())
	w.must(err)
	return s
}

// violation notes that a promise was broken.
func (w *world) violation(about []string, format string, args ...any) {
	w.violations = append(w.violations, fmt.Sprintf(format, args...))
	for _, a := range about {
		if !slices.Contains(w.subjects, a) {
			w.subjects = append(w.subjects, a)
		}
	}
}

// of finds the connection by its id in the database.
func (w *world) of(id ordersync.ConnectionID) *connection {
	for _, c := range w.fleet {
		if c.id == id && id != 0 {
			return c
		}
	}
	return nil
}

// whose finds the connection for which somebody works: it may have been made a
// moment ago, and nobody been told.
func (w *world) whose(id ordersync.ConnectionID) *connection {
	if c := w.of(id); c != nil || id == 0 {
		return c
	}
	var found *connection
	w.rows(`SELECT tenant FROM connections WHERE id = ?`, func(r []string) {
		for _, c := range w.fleet {
			if string(c.tenant) == r[0] {
				found = c
			}
		}
	}, int64(id))
	return found
}

// within tells whether a time lies in one of the windows, the open one included.
func within(spans []ordersync.Window, at time.Time, slack time.Duration) bool {
	for _, s := range spans {
		if !at.Before(s.From.Add(-slack)) && (s.To.IsZero() || !at.After(s.To.Add(slack))) {
			return true
		}
	}
	return false
}
