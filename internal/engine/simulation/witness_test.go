package simulation

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// witness remembers what reached the client: which windows were read to their
// last page, and when Amazon refused for want of a token.
type witness struct {
	w         *world
	chains    map[string]chain                     // by the token of the next page
	readings  map[ordersync.ConnectionID][]reading // one that is removed and brought back has another id
	throttled []refusal
}

// chain is a walk as far as it was read.
type chain struct {
	ordersync.Window
	markets []string
	begun   time.Time
	amazon  time.Time // when it began by Amazon's clock
	pages   int
	bodies  [][]byte // of pages that may shift
}

// reading is a walk that was read to its last page.
type reading struct {
	chain
	at time.Time
}

// refusal is a 429 that no fault has made.
type refusal struct {
	at   time.Time
	conn *connection
	op   string
}

func newWitness(w *world) *witness {
	return &witness{w: w, chains: map[string]chain{}, readings: map[ordersync.ConnectionID][]reading{}}
}

// answered sees an answer that reaches the client.
func (v *witness) answered(c *call) {
	if c.status == http.StatusTooManyRequests && c.kind != spapisim.FaultThrottle && c.op != spapisim.Token {
		v.throttled = append(v.throttled, refusal{time.Now(), c.conn, c.op})
	}
	if c.status != http.StatusOK || c.conn == nil || c.cut {
		return
	}
	switch c.kind {
	case "", spapisim.FaultSlow, spapisim.FaultDrip, spapisim.FaultDate, spapisim.FaultContentType, spapisim.FaultSamePage, spapisim.FaultSameToken:
	default:
		return // it is not what Amazon has
	}
	if c.op == spapisim.SearchOrders {
		v.page(c)
	}
}

// page follows a walk.
func (v *witness) page(c *call) {
	from, to := c.asked()
	walk := chain{Window: ordersync.Window{From: from, To: to}, markets: strings.Split(c.query.Get("marketplaceIds"), ","), begun: c.sent, amazon: c.amazon}
	if token := c.query.Get("paginationToken"); token != "" {
		before, ok := v.chains[token]
		if !ok {
			return
		}
		walk = before
	}
	walk.pages++
	if v.w.plan.switches.Tokens == spapisim.TokenOffset {
		walk.bodies = append(slices.Clip(walk.bodies), c.body)
	}
	if next := nextToken(c.body); next != "" {
		v.chains[next] = walk
		return
	}
	id := ordersync.ConnectionID(c.on)
	v.readings[id] = append(v.readings[id], reading{walk, time.Now()})
}

// nextToken finds the token in a page, without reading all of it.
func nextToken(body []byte) string {
	i := bytes.LastIndex(body, []byte(`"nextToken":`))
	if i < 0 {
		return ""
	}
	var token string
	if err := json.NewDecoder(bytes.NewReader(body[i+len(`"nextToken":`):])).Decode(&token); err != nil {
		return ""
	}
	return token
}

// walked is what of a marketplace was read to the last page.
func (v *witness) walked(c *connection, marketplace string) (out ordersync.Spans) {
	for _, r := range v.readings[c.id] {
		if slices.Contains(r.markets, marketplace) {
			out = union(out, r.Window)
		}
	}
	return out
}

// walkedSince is the part of walked of the readings that count.
func (v *witness) walkedSince(c *connection, marketplace string, counts func(reading) bool) (out ordersync.Spans) {
	for _, r := range v.readings[c.id] {
		if slices.Contains(r.markets, marketplace) && counts(r) {
			out = union(out, r.Window)
		}
	}
	return out
}

// confirmed is what of a marketplace was read without doubt: in one page, or twice
// and apart, by the readings that count.
func (v *witness) confirmed(c *connection, marketplace string, counts func(reading) bool) (out ordersync.Spans) {
	var several []reading
	for _, r := range v.readings[c.id] {
		switch {
		case !slices.Contains(r.markets, marketplace) || !counts(r):
		case r.pages == 1:
			out = union(out, r.Window)
		default:
			several = append(several, r)
		}
	}
	for i, a := range several {
		for _, b := range several[i+1:] {
			if b.begun.Sub(a.begun) < time.Hour-2*time.Minute {
				continue
			}
			both := ordersync.Window{From: later(a.From, b.From), To: earlier(a.To, b.To)}
			if both.From.Before(both.To) {
				out = union(out, both)
			}
		}
	}
	return out
}

// passedOver tells whether an order's version fell between two pages of every reading
// that could have met it, of two at least: Amazon counts in a list that grows shorter
// meanwhile. It is left to the next sweep. Who has read it in one page, or has seen it
// on any page, has no excuse.
func (v *witness) passedOver(c *connection, marketplace, order string, updated time.Time) bool {
	if v.w.plan.switches.Tokens != spapisim.TokenOffset {
		return false
	}
	const slack = 15 * time.Minute // of clocks, and until it is shown
	readings := 0
	for _, r := range v.readings[c.id] {
		if !slices.Contains(r.markets, marketplace) || updated.Before(r.From) || !updated.Before(r.To) || r.at.Before(updated.Add(-slack)) {
			continue
		}
		if r.pages == 1 && r.begun.After(updated.Add(slack)) || slices.ContainsFunc(r.bodies, func(body []byte) bool { return bytes.Contains(body, []byte(order)) }) {
			return false
		}
		readings++
	}
	return readings > 1
}

// reached tells whether a window that ended at a time began at another or before.
func (v *witness) reached(c *connection, from, to time.Time) bool {
	return slices.ContainsFunc(v.readings[c.id], func(r reading) bool {
		return r.To.Equal(to) && !r.From.After(from.Truncate(time.Second))
	})
}

// union adds a window to spans that may touch.
func union(spans ordersync.Spans, w ordersync.Window) ordersync.Spans {
	out := ordersync.Spans{}
	for _, s := range spans {
		if s.To.Before(w.From) || w.To.Before(s.From) {
			out = append(out, s)
			continue
		}
		w.From, w.To = earlier(w.From, s.From), later(w.To, s.To)
	}
	out = append(out, w)
	slices.SortFunc(out, func(a, b ordersync.Window) int { return a.From.Compare(b.From) })
	return out
}

// missing is what of a window the spans leave out.
func missing(spans ordersync.Spans, w ordersync.Window) (out ordersync.Spans) {
	from := w.From
	for _, s := range spans {
		if s.To.Before(from) || s.From.After(w.To) {
			continue
		}
		if s.From.After(from) {
			out = append(out, ordersync.Window{From: from, To: s.From})
		}
		from = later(from, s.To)
	}
	if from.Before(w.To) {
		out = append(out, ordersync.Window{From: from, To: w.To})
	}
	return out
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
