package spapisim_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

const (
	germany = "A1PA6795UKMFR9"
	france  = "A13V1IB3VIYZZH"
	japan   = "A1VC38T7YXB528"
	usa     = "ATVPDKIKX0DER"
	britain = "A1F83G8C2ARO7P"

	searchPath        = "/orders/2026-01-01/orders"
	participationPath = "/sellers/v1/marketplaceParticipations"
	agent             = "ordersync/0.1 (Language=Go/1.26; Platform=Linux)"
)

var start = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

// clock is a clock that only tests move.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// bench is a simulator with one application and one German seller.
type bench struct {
	t       testing.TB
	clock   *clock
	sim     *spapisim.Simulator
	app     spapisim.Application
	seller  spapisim.Seller
	refresh string
	access  string
	handler http.Handler
}

// setup makes a bench whose buckets refill a thousand times faster.
func setup(t testing.TB, change ...func(*spapisim.Config)) *bench {
	t.Helper()
	b := &bench{t: t, clock: &clock{t: start}}
	cfg := spapisim.Config{Seed: 7, Now: b.clock.Now, RateScale: 1000}
	for _, f := range change {
		f(&cfg)
	}
	var err error
	b.sim, err = spapisim.New(cfg)
	b.must(err)
	b.app, err = b.sim.AddApplication(spapisim.ApplicationSpec{RedirectURIs: []string{"https://app.example/callback"}})
	b.must(err)
	b.seller, b.refresh = b.addSeller("eu")
	b.handler = b.sim.Handler()
	b.access = b.login(b.refresh)
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) addSeller(region string, roles ...spapisim.Role) (spapisim.Seller, string) {
	b.t.Helper()
	seller, err := b.sim.AddSeller(spapisim.SellerSpec{Region: region})
	b.must(err)
	refresh, err := b.sim.Authorize(b.app.ClientID, seller.Key, roles...)
	b.must(err)
	return seller, refresh
}

// switches changes the switches.
func (b *bench) switches(change func(*spapisim.Switches)) {
	b.t.Helper()
	b.must(b.sim.SetSwitches(change))
}

func (b *bench) fault(f spapisim.Fault) {
	b.t.Helper()
	_, err := b.sim.AddFault(f)
	b.must(err)
}

// reply is an answer as a client sees it.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (b *bench) do(r *http.Request) reply {
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.Bytes()}
}

// get calls the API with the bench's access token. query is name, value, …
func (b *bench) get(path string, query ...string) reply {
	return b.do(b.request(path, query...))
}

func (b *bench) request(path string, query ...string) *http.Request {
	values := url.Values{}
	for i := 0; i < len(query); i += 2 {
		values.Set(query[i], query[i+1])
	}
	target := path
	if len(values) > 0 {
		target += "?" + values.Encode()
	}
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = "127.0.0.1"
	r.Header.Set("X-Amz-Access-Token", b.access)
	r.Header.Set("User-Agent", agent)
	return r
}

// token posts to Login with Amazon. fields is name, value, …
func (b *bench) token(fields ...string) reply {
	form := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, "/auth/o2/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

// login refreshes an access token.
func (b *bench) login(refresh string) string {
	b.t.Helper()
	r := b.token("grant_type", "refresh_token", "refresh_token", refresh, "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret)
	if r.status != http.StatusOK {
		b.t.Fatalf("login: %d %s", r.status, r.body)
	}
	var token struct {
		AccessToken string `json:"access_token"`
	}
	b.must(json.Unmarshal(r.body, &token))
	return token.AccessToken
}

// wirePage is a searchOrders answer as a client reads it.
type wirePage struct {
	Orders     []map[string]any `json:"orders"`
	Pagination *struct {
		NextToken string `json:"nextToken"`
	} `json:"pagination"`
	LastUpdatedBefore string `json:"lastUpdatedBefore"`
	CreatedBefore     string `json:"createdBefore"`
}

func (p wirePage) ids() []string {
	ids := []string{}
	for _, o := range p.Orders {
		id, _ := o["orderId"].(string)
		ids = append(ids, id)
	}
	return ids
}

func (b *bench) page(query ...string) wirePage {
	b.t.Helper()
	r := b.get(searchPath, query...)
	if r.status != http.StatusOK {
		b.t.Fatalf("searchOrders %v: %d %s (%s)", query, r.status, r.body, r.header.Get("X-Simulator-Reason"))
	}
	var p wirePage
	b.must(json.Unmarshal(r.body, &p))
	return p
}

// walk reads all pages of a query.
func (b *bench) walk(query ...string) []wirePage {
	b.t.Helper()
	var pages []wirePage
	for token := ""; len(pages) < 1000; {
		q := query
		if token != "" {
			q = append(append([]string{}, query...), "paginationToken", token)
		}
		p := b.page(q...)
		pages = append(pages, p)
		if p.Pagination == nil {
			return pages
		}
		token = p.Pagination.NextToken
		b.clock.Add(time.Second)
	}
	b.t.Fatal("the walk does not end")
	return nil
}

func allIDs(pages []wirePage) []string {
	ids := []string{}
	for _, p := range pages {
		ids = append(ids, p.ids()...)
	}
	return ids
}

func at(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// generate grows n orders over the day before the start.
func (b *bench) generate(n int, change ...func(*spapisim.Generate)) []string {
	b.t.Helper()
	g := spapisim.Generate{N: n, From: start.AddDate(0, 0, -1), To: start.Add(-time.Hour)}
	for _, f := range change {
		f(&g)
	}
	ids, err := b.sim.Generate(b.seller.Key, g)
	b.must(err)
	return ids
}

const everything = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT,FULFILLMENT_ORDERS"

// add places one plain order.
func (b *bench) add(id string, created time.Time, change ...func(*spapisim.Placed)) {
	b.t.Helper()
	p := spapisim.Placed{Order: spapisim.Order{
		OrderID: id, CreatedTime: created,
		SalesChannel: spapisim.SalesChannel{MarketplaceID: germany},
		Fulfillment:  &spapisim.OrderFulfillment{FulfillmentStatus: "UNSHIPPED", FulfilledBy: "MERCHANT"},
	}}
	for _, f := range change {
		f(&p)
	}
	b.must(b.sim.AddOrders(b.seller.Key, p))
}

func (b *bench) parseOrder(r reply) map[string]any {
	b.t.Helper()
	var got struct{ Order map[string]any }
	b.must(json.Unmarshal(r.body, &got))
	return got.Order
}
