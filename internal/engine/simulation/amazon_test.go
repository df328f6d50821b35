package simulation

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// amazon is the way to the simulator and back. Every call takes a time drawn from
// the seed, may meet a fault, and may be the last that its process does.
type amazon struct{ *world }

var errReset = errors.New("connection reset by peer")

// call is one request on its way.
type call struct {
	*task
	op     string
	conn   *connection // nil: nobody's
	query  url.Values
	sent   time.Time // a process that stands still has its answer later
	amazon time.Time // the same by Amazon's clock
	out    time.Duration
	back   time.Duration
	stall  time.Duration // after the answer, past every deadline
	fault  spapisim.Fault
	kind   spapisim.FaultKind // of the fault that it meets; "" none
	body   []byte
	status int
	cut    bool // the body breaks off
	header http.Header
}

// RoundTrip sends a request.
func (a *amazon) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	c := &call{task: taskOf(ctx), op: operation(r), query: r.URL.Query(), sent: time.Now()}
	a.gate(c.name + " " + c.op)
	if c.of.dead {
		return nil, errDead
	}
	c.amazon = a.sim.Now()
	if c.conn = a.whose(ordersync.ConnectionID(c.on)); c.visit != nil {
		c.conn = c.visit.c
	}
	a.checkCall(c.task, c.conn)
	c.loggedIn = c.op == spapisim.Token
	a.calls++
	if a.hit(crashBeforeCall, a.plan.fate) {
		a.crash(c.of, crashBeforeCall)
		return nil, errDead
	}
	a.trouble(c)
	if err := a.pass(ctx, c, c.out, " arrives"); err != nil {
		return nil, err
	}
	err := a.answer(c, r)
	if err == nil {
		err = a.pass(ctx, c, c.back, " returns")
	} else {
		a.gate(c.name + " " + c.op + " breaks off") // its handler may have waited, as one that hangs does
	}
	if c.kind != "" {
		a.count(answered(c.kind))
	}
	if err != nil {
		a.journal.note("call", "%s of %s: %s: %v", c.name, c.of.name, c.text(), err)
		return nil, err
	}
	if c.stall > 0 {
		a.count(stallAfterCall)
		time.Sleep(c.stall)
		a.gate(c.name + " " + c.op + " goes on")
	}
	if a.hit(crashAfterCall, a.plan.fate) {
		a.crash(c.of, crashAfterCall)
	}
	if c.of.dead {
		return nil, errDead
	}
	a.witness.answered(c)
	if a.journal.keep {
		a.journal.note("call", "%s of %s: %s: %d, fault %q, orders %q", c.name, c.of.name, c.text(), c.status, c.kind, orderIDs.FindAll(c.body, -1))
	}
	return c.response(r), nil
}

// trouble draws what happens to the call.
func (a *amazon) trouble(c *call) {
	c.out, c.back = a.draw(10*time.Millisecond, time.Second), a.draw(10*time.Millisecond, time.Second)
	if !a.stormy {
		return
	}
	if c.op == spapisim.SearchOrders && a.hit(panics, a.plan.wire/20) {
		a.count(panics)
		a.journal.note("episode", "a panic on connection %d", c.on)
		panic("a bug of ours")
	}
	if a.hit(stallAfterCall, a.plan.fate) {
		c.stall = a.draw(c.of.lease, 3*c.of.lease)
	}
	if c.conn == nil {
		return
	}
	if c.op == spapisim.Token && c.visit == nil && a.hit(disconnecting, 0.01) { // while Login may be giving another refresh token
		if end := a.disconnect(c.conn); end != nil {
			a.endings = append(a.endings, ending{time.Now().Add(a.draw(2*time.Minute, 4*time.Hour)), disconnecting, end})
		}
	}
	if c.poisoned() {
		a.count(poisonedMinute)
		a.meet(c, spapisim.FaultInternal)
		return
	}
	if a.rng.Float64() >= a.plan.wire {
		return
	}
	f := wireFaults[a.rng.IntN(len(wireFaults))]
	if a.plan.on[answered(f.kind)] && (c.op != spapisim.Token || f.login) && (!f.page || c.query.Has("paginationToken")) {
		a.meet(c, f.kind)
	}
}

// poisoned tells whether the call asks for the window of an instant that is never
// answered.
func (c *call) poisoned() bool {
	at := c.conn.seller.poison
	if at.IsZero() || c.op != spapisim.SearchOrders {
		return false
	}
	from, to := c.asked()
	return !at.Before(from) && !at.After(to)
}

// asked is the window of a search.
func (c *call) asked() (from, to time.Time) {
	from, _ = time.Parse(time.RFC3339, c.query.Get("lastUpdatedAfter"))
	to, _ = time.Parse(time.RFC3339, c.query.Get("lastUpdatedBefore"))
	return from, to
}

// meet gives the call a fault of its own.
func (a *amazon) meet(c *call, kind spapisim.FaultKind) {
	f := spapisim.Fault{Kind: kind, Seller: c.conn.seller.Key, Operation: c.op, Count: 1}
	switch kind {
	case spapisim.FaultSlow, spapisim.FaultDrip:
		f.Delay = spapisim.Duration(a.draw(time.Second, a.plan.callTimeout+2*time.Second))
	case spapisim.FaultDate:
		f.Delay = spapisim.Duration(a.draw(-time.Hour, time.Hour))
	case spapisim.FaultForbidden:
		f.Variant = spapisim.ForbiddenVariants()[0]
	}
	c.kind, c.fault = kind, f
}

// handle lets the simulator answer, with the call's own fault. Faults are drawn when
// the handler begins, in the same step: no other call can meet this one's.
func (a *amazon) handle(c *call, into http.ResponseWriter, r *http.Request) {
	if c.kind == "" {
		a.sim.Handler().ServeHTTP(into, r)
		return
	}
	id, err := a.sim.AddFault(c.fault)
	a.must(err)
	defer func() {
		met := false
		for _, f := range a.sim.Faults() {
			met = met || f.ID == id && f.Hits > 0
		}
		a.sim.RemoveFault(id)
		if !met { // Amazon did not come to know the seller
			c.kind = ""
		}
	}()
	a.sim.Handler().ServeHTTP(into, r)
}

// pass lets time pass on the wire.
func (a *amazon) pass(ctx context.Context, c *call, d time.Duration, what string) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	a.gate(c.name + " " + c.op + what)
	if c.of.dead {
		return errDead
	}
	return ctx.Err()
}

// answer lets the simulator answer. Its handler ends by a panic where it drops the
// connection.
func (a *amazon) answer(c *call, r *http.Request) (err error) {
	q := r.URL.Query()
	if n, bad := strconv.Atoi(q.Get("maxResultsPerPage")); bad == nil {
		q.Set("maxResultsPerPage", strconv.Itoa(min(n, a.plan.pageSize)))
	}
	sent := r.Clone(r.Context())
	sent.URL.RawQuery = q.Encode()
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		sent.Body = io.NopCloser(bytes.NewReader(body))
	}
	got := httptest.NewRecorder()
	dropped := func() (dropped bool) {
		defer func() {
			if p := recover(); p != nil {
				if p != http.ErrAbortHandler { //nolint:errorlint // as net/http compares it
					panic(p)
				}
				dropped = true
			}
		}()
		a.handle(c, got, sent)
		return false
	}()
	if c.visit != nil && c.op == spapisim.Token {
		a.tookCode(c.visit, got.Body.Bytes())
	}
	if dropped && got.Body.Len() == 0 {
		return errReset
	}
	if err := r.Context().Err(); err != nil {
		return err
	}
	c.status, c.header, c.body, c.cut = got.Code, got.Header(), got.Body.Bytes(), dropped
	return nil
}

// response is the answer as net/http hands it on.
func (c *call) response(r *http.Request) *http.Response {
	var body io.Reader = bytes.NewReader(c.body)
	length := int64(len(c.body))
	if c.cut {
		body, length = io.MultiReader(body, broken{}), length+1
	}
	return &http.Response{
		Status: http.StatusText(c.status), StatusCode: c.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: c.header, Body: io.NopCloser(body), ContentLength: length, Request: r,
	}
}

// broken is the end of a body that was cut off.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// orderIDs finds the orders of a page, for the journal.
var orderIDs = regexp.MustCompile(`\b\d{3}-\d{7}-\d{7}\b`)

// operation is what a request asks for.
func operation(r *http.Request) string {
	path := r.URL.Path
	switch {
	case strings.HasSuffix(path, "/token"):
		return spapisim.Token
	case strings.HasSuffix(path, "/orders"):
		return spapisim.SearchOrders
	case strings.Contains(path, "/orders/"):
		return spapisim.GetOrder
	}
	return spapisim.GetParticipations
}

// text is the call for people.
func (c *call) text() string {
	who := "nobody"
	if c.conn != nil {
		who = string(c.conn.tenant)
	}
	q := c.query
	return who + " " + c.op + " " + q.Get("lastUpdatedAfter") + ".." + q.Get("lastUpdatedBefore") + " " + q.Get("marketplaceIds") + " " + q.Get("paginationToken")
}
