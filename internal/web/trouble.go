package web

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// acts is who must act, as the pages sort it.
type acts int

const (
	actsYou    acts = iota // the operator, who reads
	actsSeller             // the tenant
	actsNobody             // it goes on by itself
)

func actsOf(a ordersync.Actor) acts {
	switch a {
	case ordersync.Nobody:
		return actsNobody
	case ordersync.Tenant:
		return actsSeller
	default:
		return actsYou // or both: an operator sees to it that somebody does
	}
}

// onTime tells whether connections stand as they should.
func (s standing) onTime() bool {
	return s.State == ordersync.Connected && !s.Paused && s.Band == 0 && s.acts() == actsNobody
}

// standing is [store.Standing] with what pages ask of it.
type standing struct{ store.Standing }

func (s standing) acts() acts {
	_, actor := s.Connection().Need()
	return actsOf(actor)
}

// troubleKey tells troubles apart.
type troubleKey struct {
	acts   acts
	reason ordersync.Reason // or [ordersync.OrdersSetAside]
}

// trouble is what some connections have in common that do not stand as they should.
type trouble struct {
	troubleKey
	n, lately int64
	elsewhere int64 // how many of them another trouble counts already
	since     time.Time
	dueAt     time.Time
	some      []store.Stand
}

// troubles groups what does not stand well by who acts and reason: most connections
// first.
func (f fleetNow) troubles() []trouble {
	by := map[troubleKey]*trouble{}
	for _, s := range f.standings {
		reason, actor := s.Connection().Need()
		if reason == "" || reason == ordersync.Success || s.State == ordersync.Disabled {
			continue
		}
		k := troubleKey{actsOf(actor), reason}
		t := by[k]
		if t == nil {
			t = &trouble{troubleKey: k}
			by[k] = t
		}
		t.n += s.N
		t.lately += s.Lately
		if !s.Since.IsZero() && (t.since.IsZero() || s.Since.Before(t.since)) {
			t.since = s.Since
		}
		if s.DueAt.After(t.dueAt) {
			t.dueAt = s.DueAt
		}
	}
	for _, s := range f.troubled {
		reason, actor := s.Connection().Need()
		if t := by[troubleKey{actsOf(actor), reason}]; t != nil {
			t.some = append(t.some, s)
		}
	}
	if f.app.Stopped() {
		f.stopped(by)
	}
	if a := f.aside; a.Connections > 0 {
		by[troubleKey{actsYou, ordersync.OrdersSetAside}] = &trouble{
			troubleKey: troubleKey{actsYou, ordersync.OrdersSetAside}, n: a.Connections, elsewhere: a.Connections - a.Alone, since: a.Since, some: a.Some,
		}
	}
	out := make([]trouble, 0, len(by))
	for _, t := range by {
		out = append(out, *t)
	}
	slices.SortFunc(out, func(a, b trouble) int {
		return cmp.Or(cmp.Compare(a.acts, b.acts), cmp.Compare(b.n, a.n), cmp.Compare(a.reason, b.reason))
	})
	return out
}

// stopped makes one trouble of a fleet that stands still: whatever its connections said
// last, they wait for the application.
func (f fleetNow) stopped(by map[troubleKey]*trouble) {
	k := troubleKey{actsYou, ordersync.AppCredentialsInvalid}
	t := &trouble{troubleKey: k, since: f.app.StoppedAt}
	for _, s := range f.standings {
		if s.State == ordersync.Connected && !s.Paused {
			t.n += s.N
		}
	}
	if old := by[k]; old != nil {
		t.some = old.some
	}
	by[k] = t
}

// todoSection is the troubles that one kind of people must see to.
type todoSection struct {
	ID, Head, Sub, Note string
	Items               []todoItem
}

// todoItem is one trouble as the page tells it.
type todoItem struct {
	Status, StatusWord, Colour string
	Head, Code                 string
	Some                       []namedConnection
	More                       int64
	MoreText, AllHref          string
	N, Lately                  int64
	Since, DueAt               time.Time
	Step, Then, Goes           string
	Button, Href               string
}

// sectionsOf sorts troubles by who acts.
func sectionsOf(v *visit, all []trouble) (out []todoSection) {
	of := [...]todoSection{
		actsYou:    {ID: "you", Head: v.T("You act"), Note: v.T("most connections first")},
		actsSeller: {ID: "seller", Head: v.T("A seller acts"), Note: v.T("each page makes a link for them, with a text to send")},
		actsNobody: {ID: "nobody", Head: v.T("Nobody acts"), Note: v.T("these end by themselves")},
	}
	counts := [len(of)]int64{}
	last := time.Time{}
	for _, t := range all {
		of[t.acts].Items = append(of[t.acts].Items, t.item(v))
		counts[t.acts] += t.n - t.elsewhere
		if t.acts == actsNobody && t.dueAt.After(last) {
			last = t.dueAt
		}
	}
	of[actsYou].Sub = v.TN(counts[actsYou], "%s connection waits for an operator", "%s connections wait for an operator")
	of[actsSeller].Sub = v.TN(counts[actsSeller], "%s connection waits for its seller", "%s connections wait for their seller")
	of[actsNobody].Sub = v.TN(counts[actsNobody], "%s goes on by itself", "%s go on by themselves")
	if last.After(v.Now) {
		of[actsNobody].Sub = v.TN(counts[actsNobody], "%s goes on by itself, at %s", "%s go on by themselves, the last at %s", v.words.clock(last, v.Now))
	}
	for _, s := range of {
		if len(s.Items) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// colours are those of the statuses' shapes, by style sheet.
var colours = map[ordersync.Status]string{
	ordersync.StatusSuccess: "ok", ordersync.StatusPartial: "part", ordersync.StatusSkipped: "skip", ordersync.StatusFailed: "fail",
}

func (t trouble) status() ordersync.Status {
	if t.reason == ordersync.OrdersSetAside {
		return ordersync.StatusPartial
	}
	return t.reason.Info().Status
}

func (t trouble) item(v *visit) todoItem {
	say := sayingOf(t.reason, t.acts != actsNobody)
	status := t.status()
	i := todoItem{
		Status: string(status), StatusWord: v.T(statusWords[status]), Colour: colours[status],
		Head: v.T(say.head), Code: string(t.reason), N: t.n, Lately: t.lately, Since: t.since,
		Step: v.T(say.step), Then: v.T(say.then),
		AllHref: "/connections?reason=" + string(t.reason),
	}
	if t.lately == t.n && t.n < 10 {
		i.Lately = 0 // since says it
	}
	if t.acts == actsNobody && t.dueAt.After(v.Now) {
		i.DueAt, i.Goes = t.dueAt, v.T(t.goes())
	}
	for _, s := range t.some[:min(len(t.some), namedOnes)] {
		i.Some = append(i.Some, named(s))
	}
	if i.More = t.n - int64(len(i.Some)); i.More > 0 {
		i.MoreText = v.TN(i.More, "and %s more", "and %s more")
		if len(i.Some) == 0 {
			i.MoreText = v.TN(i.More, "%s connection", "%s connections")
		}
	}
	switch {
	case t.acts == actsSeller && t.n == 1 && len(i.Some) == 1:
		i.Href, i.Button = i.Some[0].Href+"#reconnect", v.T("Make a link")
	case t.n == 1 && len(i.Some) == 1:
		i.Href, i.Button = i.Some[0].Href, v.T("Open")
	default:
		i.Href, i.Button = i.AllHref, v.T("Show them")
	}
	return i
}

// goes is how the time is announced at which the last of them has its turn: what waits
// for Amazon's budget goes on then, what Amazon refuses is tried.
func (t trouble) goes() string {
	tried := t.reason.Info().Status == ordersync.StatusFailed || t.reason == ordersync.TokenRevoked
	switch {
	case tried && t.n > 1:
		return "The last is tried again"
	case tried:
		return "It is tried again"
	case t.n > 1:
		return "The last goes on"
	}
	return "It goes on"
}

// regionTag is a region as a tag shows it.
func regionTag(r ordersync.Region) string { return strings.ToUpper(string(r)) }
