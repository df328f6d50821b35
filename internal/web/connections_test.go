package web

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ordersync"
	"ordersync/internal/store"
)

func TestConnectionsAreFoundByWhatIsAsked(t *testing.T) {
	onBoards(t, func(t *testing.T, s *board) {
		named := func(name string) func(*store.Import) { return func(in *store.Import) { in.DisplayName = &name } }
		american := func(in *store.Import) { in.Region, in.Marketplaces = ordersync.RegionNA, &[]string{"ATVPDKIKX0DER"} }
		s.connect("acme", soldBy("S1"), named("Lumen & Lathe"))
		s.connect("acme", soldBy("S2"), american)
		s.connect("beta", soldBy("S3"), named(`"><script>alert(1)</script>`))
		s.connect("gamma", soldBy("S4"), func(in *store.Import) { in.State = ordersync.Pending })
		s.exec(`UPDATE connections SET last_reason = 'CLOCK_SKEW', reason_since = $1, last_success_at = 5 WHERE seller_id = 'S3'`, boardStart.UnixMilli()-60_000)
		s.exec(`UPDATE connections SET last_reason = 'SUCCESS', reason_since = $1, last_success_at = $1, cursor_at = $1 WHERE tenant = 'acme'`, boardStart.UnixMilli()-60_000)
		s.must(s.store.Pause(s.ctx, "acme", 2))
		operator := s.signedIn("")
		for query, want := range map[string][]string{
			"":                        {"/connections/gamma/4", "/connections/beta/3", "/connections/acme/1", "/connections/acme/2"},
			"?q=LUM":                  {"/connections/acme/1"},
			"?q=acme&region=na":       {"/connections/acme/2"},
			"?state=PENDING":          {"/connections/gamma/4"},
			"?reason=CLOCK_SKEW":      {"/connections/beta/3"},
			"?reason=PAUSED":          {"/connections/acme/2"},
			"?reason=SUCCESS":         {"/connections/acme/1"},
			"?needs=1":                {"/connections/gamma/4", "/connections/beta/3", "/connections/acme/2"},
			"?needs=1&q=b":            {"/connections/beta/3"},
			"?q=nobody":               nil,
			"?state=&reason=&region=": {"/connections/gamma/4", "/connections/beta/3", "/connections/acme/1", "/connections/acme/2"},
		} {
			page := operator.see("/connections" + query)
			if have := connectionsOn(page); !slices.Equal(have, want) {
				t.Errorf("%s: %v, want %v", query, have, want)
			}
			if strings.Contains(page, "<script>alert") {
				t.Errorf("%s: a name is taken for markup", query)
			}
		}
		page := operator.see("/connections")
		wantWords(t, page, "4 connections. 3 need a human: 2 an operator, 1 their seller.", "Lumen & Lathe", `"><script>alert(1)</script>`, "The clocks of this machine and of Amazon differ", "CLOCK_SKEW", "1 min", "nothing read yet", ">US<", "Seller")
		wantWords(t, s.signedIn("").in("fr").see("/connections?needs=1"), "Connexions", "3 attendent quelqu’un", "Suspendue par un opérateur", "Opérateur", "Qui agit : Vendeur")
		wantWords(t, operator.see("/connections?q=nobody"), "No connection is like this")

		mine := s.signedIn("acme")
		for _, query := range []string{"", "?q=a", "?q=beta", "?reason=CLOCK_SKEW", "?after=0-0"} {
			for _, href := range connectionsOn(mine.see("/connections" + query)) {
				if !strings.HasPrefix(href, "/connections/acme/") {
					t.Errorf("%s shows %s to acme", query, href)
				}
			}
		}
		if page := mine.see("/connections"); len(connectionsOn(page)) != 2 || strings.Contains(page, "need a human.") {
			t.Errorf("the tenant's own list:\n%s", page)
		}
		for _, query := range []string{"?region=xx", "?state=ERROR", "?reason=NOPE", "?after=x", "?after=1", "?q=" + strings.Repeat("x", 201)} {
			if got := operator.get("/connections" + query).status; got != http.StatusBadRequest {
				t.Errorf("%s answers %d", query, got)
			}
		}
	})
}

var nextPageLink = regexp.MustCompile(`href="([^"]*)">Next page`)

// Pages follow each other, and each connection is on one of them.
func TestConnectionsPages(t *testing.T) {
	onBoards(t, func(t *testing.T, s *board) {
		for i := range 120 {
			s.connect(ordersync.TenantID(fmt.Sprintf("t%03d", i)), soldBy("S1"))
		}
		s.exec(`UPDATE connections SET last_success_at = 1000 - id % 7`)
		operator, path, seen := s.signedIn(""), "/connections?q=t", map[string]bool{}
		for pages := 1; ; pages++ {
			page := operator.see(path)
			for _, href := range connectionsOn(page) {
				if seen[href] {
					t.Errorf("%s stands twice", href)
				}
				seen[href] = true
			}
			next := nextPageLink.FindStringSubmatch(page)
			if next == nil {
				if pages != 3 || len(seen) != 120 {
					t.Errorf("%d pages with %d connections", pages, len(seen))
				}
				break
			}
			path = strings.ReplaceAll(next[1], "&amp;", "&")
		}
	})
}

// While the application stands still, all that work wait for it.
func TestConnectionsThatWaitForTheApplication(t *testing.T) {
	onBoards(t, func(t *testing.T, s *board) {
		s.connect("acme", soldBy("S1"))
		s.connect("beta", soldBy("S2"), func(in *store.Import) { in.State = ordersync.Pending })
		s.exec(`UPDATE connections SET last_reason = 'SUCCESS', reason_since = 1 WHERE tenant = 'acme'`)
		s.exec(`INSERT INTO applications (client_id, stopped_at, cause) VALUES ('client', $1, 'invalid_client')`, boardStart.UnixMilli()-120_000)
		operator := s.signedIn("")
		if have := connectionsOn(operator.see("/connections?reason=APP_CREDENTIALS_INVALID")); !slices.Equal(have, []string{"/connections/acme/1"}) {
			t.Errorf("waiting: %v", have)
		}
		wantWords(t, operator.see("/connections/acme/1"), "acme, Europe: the application’s credentials are refused", "2 min", "Waits for an operator", "An operator sets the right client id and secret")
	})
}

var links = regexp.MustCompile(`<a href="(/connections/[^"/]+/\d+)">`)

// connectionsOn are the connections that a list links to.
func connectionsOn(page string) (out []string) {
	for _, m := range links.FindAllStringSubmatch(page, -1) {
		out = append(out, m[1])
	}
	return out
}
