package engine_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"ordersync/internal/spapisim"
)

// The way to Amazon, and what stories do to it.

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// along wraps the way to Amazon; changes add up, the last one is outermost.
func along(f func(r *http.Request, next http.RoundTripper) (*http.Response, error)) func(*setup) {
	return func(s *setup) {
		inner := s.transport
		s.transport = func(next http.RoundTripper) http.RoundTripper {
			if inner != nil {
				next = inner(next)
			}
			return roundTrip(func(r *http.Request) (*http.Response, error) { return f(r, next) })
		}
	}
}

// pagesOf makes Amazon give at most n orders a page where 100 were asked for,
// so that few orders make many pages.
func pagesOf(n int) func(*setup) {
	return along(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		const name = "maxResultsPerPage="
		before, after, found := strings.Cut(r.URL.RawQuery, name)
		if !found {
			return next.RoundTrip(r)
		}
		digits, rest, more := strings.Cut(after, "&")
		asked, err := strconv.Atoi(digits)
		if err != nil {
			return nil, err
		}
		r = r.Clone(r.Context())
		r.URL.RawQuery = before + name + strconv.Itoa(max(1, asked*n/100))
		if more {
			r.URL.RawQuery += "&" + rest
		}
		return next.RoundTrip(r)
	})
}

// quick lets Amazon's budgets refill a thousand times faster.
func quick(s *setup) { s.sim.RateScale = 1000 }

// history lets orders be wanted from so far back.
func history(d time.Duration) func(*setup) {
	return func(s *setup) { s.settings.History = d }
}

func isSearch(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/orders")
}

// tape keeps the requests that went by.
type tape struct {
	mu       sync.Mutex
	requests []*http.Request
}

func (p *tape) record() func(*setup) {
	return along(func(r *http.Request, next http.RoundTripper) (*http.Response, error) {
		p.mu.Lock()
		p.requests = append(p.requests, r)
		p.mu.Unlock()
		return next.RoundTrip(r)
	})
}

func (p *tape) all() []*http.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*http.Request(nil), p.requests...)
}

// asked is the window of a search, and its parameters but the token.
type asked struct {
	at       time.Time
	from, to time.Time
	page     int
	status   int
	token    string
	query    string
	groups   string
	markets  string
	size     int
}

// windows reads the searches that Amazon answered, oldest first.
func (w *world) asked(s spapisim.Seller) []asked {
	w.t.Helper()
	var out []asked
	for _, c := range w.searches(s) {
		values, err := url.ParseQuery(c.Query)
		w.must(err)
		a := asked{
			at: c.At, page: c.Page, status: c.Status, token: values.Get("paginationToken"),
			groups: values.Get("includedData"), markets: values.Get("marketplaceIds"),
		}
		a.from, err = time.Parse(time.RFC3339, values.Get("lastUpdatedAfter"))
		w.must(err)
		a.to, err = time.Parse(time.RFC3339, values.Get("lastUpdatedBefore"))
		w.must(err)
		a.size, err = strconv.Atoi(values.Get("maxResultsPerPage"))
		w.must(err)
		values.Del("paginationToken")
		a.query = values.Encode()
		out = append(out, a)
	}
	return out
}

// live leaves out searches of back work. Live windows follow one another: each
// begins the overlap before the end of the one before.
func live(all []asked, cursor time.Time) []asked {
	const overlap = 5 * time.Minute
	var out []asked
	var now asked // the live window under way
	for _, a := range all {
		first := func(cursor time.Time) bool { return a.from.Equal(cursor.Add(-overlap).Truncate(time.Second)) }
		switch {
		case a.page != 1 && a.query == now.query:
		case a.page == 1 && (first(cursor) || first(now.to)):
			if first(now.to) {
				cursor = now.to
			}
			now = a
		default:
			continue
		}
		out = append(out, a)
	}
	return out
}
