package main

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

// What a process did is in the database's minutes when it has ended, and agrees with
// what Amazon saw and what is stored.
func TestTrafficOfASync(t *testing.T) {
	onBoth(t, func(p *program) {
		now := p.now()
		seller, token := p.seller("eu", spapisim.Generate{N: 250, From: now.AddDate(0, 0, -6), To: now.Add(-10 * time.Minute)})
		p.imports(line{"tenantId": "t", "region": "eu", "refreshToken": token, "cursor": now.AddDate(0, 0, -7).UTC().Format(time.RFC3339)})
		p.ok(p.run("status")) // did nothing
		p.run("doctor")       // asks for access tokens only
		if rows := p.query(`SELECT minute_at FROM traffic`); len(rows) != 0 {
			t.Errorf("minutes before anything happened: %v", rows)
		}
		p.sync(exitOK)
		calls := 0
		for _, row := range p.sim.Counters().Calls {
			if row.Operation != spapisim.Token {
				calls += row.Calls
			}
		}
		got := p.query(`SELECT SUM(calls), SUM(searches), SUM(throttled), SUM(created), SUM(set_aside) FROM traffic`)[0]
		throttled := p.sim.Counters().Total(seller.Key, "", 429)
		if want := fmt.Sprint([]string{strconv.Itoa(calls), strconv.Itoa(p.searches(seller)), strconv.Itoa(throttled), "250", "0"}); fmt.Sprint(got) != want {
			t.Errorf("calls, searches, throttled, created, set aside: %v, want %s", got, want)
		}
		if got := p.query(`SELECT reason, SUM(n) FROM traffic_outcomes GROUP BY reason`); fmt.Sprint(got) != "[[SUCCESS 1]]" {
			t.Errorf("outcomes: %v", got)
		}
	})
}
