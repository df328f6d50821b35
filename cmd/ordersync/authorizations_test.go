package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"ordersync"
)

// The calendar lists what ends soon or has ended, by its end, on the command line and
// over HTTP, page by page; what nobody knows is counted.
func TestCalendarOfAuthorizations(t *testing.T) {
	onBoth(t, func(p *program) {
		for tenant, left := range map[string]int{"month": 29, "over": -3, "far": 200, "days": 4, "later": 59} {
			seller, token := p.seller("eu")
			given := p.now().Add(-ordersync.AuthorizationTime).AddDate(0, 0, left).Add(time.Hour)
			p.imports(line{"tenantId": tenant, "region": "eu", "sellingPartnerId": seller.ID, "refreshToken": token, "authorizedAt": given.Format(time.RFC3339)})
		}
		_, token := p.seller("eu")
		p.imports(line{"tenantId": "undated", "region": "eu", "refreshToken": token}, line{"tenantId": "nobody", "region": "eu"})

		const want = "[over -3 0] [days 4 5] [month 29 30] [later 59 0]"
		if got := calendar(p.lines(p.ok(p.run("authorizations", "--json")))); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got := calendar(p.lines(p.ok(p.run("authorizations", "--json", "--within", "5")))); got != "[over -3 0] [days 4 5]" {
			t.Errorf("within five days: %s", got)
		}
		a := p.run("authorizations")
		if rows := strings.Split(p.ok(a), "\n"); len(rows) != 6 || !strings.Contains(rows[1], "over") || !strings.Contains(a.err, "of 1 connection nobody said") {
			t.Errorf("for people: %s%s", a.out, a.err)
		}
		if a := p.run("authorizations", "--within", "0"); a.code != exitOK || strings.Count(a.out, "\n") != 2 {
			t.Errorf("what is over: %+v", a)
		}
		if a := p.run("authorizations", "--within", "400"); a.code != exitUsage || !strings.Contains(a.err, "--within is 400: use 0 to 365 days") {
			t.Errorf("%+v", a)
		}

		s := p.serve("--workers", "0")
		key := p.key("--name", "portal")
		var rows []object
		for cursor := ""; ; {
			r, err := http.NewRequest("GET", s.url+"/api/v1/marketplaces/amazon/authorizations?limit=3&cursor="+cursor, nil)
			p.must(err)
			r.Header.Set("Authorization", "Bearer "+key)
			answer, err := http.DefaultClient.Do(r)
			p.must(err)
			text, err := io.ReadAll(answer.Body)
			p.must(err)
			_ = answer.Body.Close()
			var page struct {
				Authorizations []object
				Undated        int
				NextCursor     string
			}
			if err := json.Unmarshal(text, &page); err != nil || page.Undated != 1 || len(page.Authorizations) > 3 {
				t.Fatalf("%v, %s: %s", err, answer.Status, text)
			}
			rows = append(rows, page.Authorizations...)
			if cursor = page.NextCursor; cursor == "" {
				break
			}
		}
		if got := calendar(rows); got != want {
			t.Errorf("over HTTP: %s, want %s", got, want)
		}
	})
}

// calendar is the rows' tenants, days and warnings.
func calendar(rows []object) string {
	var out []string
	for _, row := range rows {
		out = append(out, fmt.Sprint([]any{row["tenantId"], row["daysLeft"], row["warning"]}))
	}
	return strings.Join(out, " ")
}
