package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

func TestRunPages(t *testing.T) {
	onBoards(t, func(t *testing.T, b *board) {
		operator := b.signedIn("")
		operator.sees("/runs", "There was no run yet", "Sync all now")
		hostile := b.connect("acme", called(`"><script>alert(1)</script>`))
		b.connect("slow")
		b.must(b.store.Pause(t.Context(), "acme", hostile))

		begun := operator.post("/runs", url.Values{"act": {"run"}})
		if begun.status != http.StatusSeeOther || !strings.HasPrefix(begun.to, "/runs/") {
			t.Fatalf("a run is begun: %+v", begun)
		}
		path := begun.to
		operator.sees(path, "is in progress", "1 of 2 connections have an outcome", "Skipped 1, Still to come 1", "PAUSED", "Cancel the run",
			fmt.Sprintf(`href="/connections/acme/%d"`, hostile), "&#34;&gt;&lt;script&gt;", "there is no run before")
		operator.in("fr").sees(path, "en cours", "Annuler le passage", "Suspendue par un opérateur", "Ignoré 1, À venir 1")
		operator.sees("/runs", "1 run is in progress", `href="`+path+`"`, "1 of 2")
		operator.sees(path+"?reason=PAUSED&status=skipped", "Paused by an operator", `<option value="PAUSED" selected>`, "Show all")
		operator.sees(path+"?status=failed", "No outcome is like that.")

		if a := operator.post(path, url.Values{"act": {"cancel"}}); a.status != http.StatusSeeOther || a.to != path {
			t.Fatalf("the run is cancelled: %+v", a)
		}
		text := operator.sees(path, "was cancelled", "INTERRUPTED", "2 connections have an outcome")
		if strings.Contains(text, "Cancel the run") || strings.Contains(text, "hx-sse:connect") {
			t.Error("a run that has ended can be cancelled, or is watched")
		}
		b.now = b.now.Add(time.Second)
		second := operator.post("/runs", url.Values{"act": {"run"}}).to
		operator.sees(second, "against", `href="`+path+`"`, "to come", "same")
		operator.in("fr").sees("/runs?before="+strings.TrimPrefix(second, "/runs/"), "Passages antérieurs", `href="`+path+`"`)

		for address, want := range map[string]int{
			"/runs/nothing": 404, "/runs/00000000000000000000000000": 404, "/runs?before=x": 400,
			path + "?status=odd": 400, path + "?reason=ODD": 400, path + "?before=1": 400, path + "?before=-1-1": 400, path + "?before=x-1": 400,
		} {
			if a := operator.in("fr").get(address); a.status != want {
				t.Errorf("%s: %d, want %d", address, a.status, want)
			}
		}
		tenant := b.signedIn("acme")
		for _, address := range []string{"/runs", path} {
			if a := tenant.get(address); a.status != http.StatusForbidden {
				t.Errorf("%s with a tenant's key: %d", address, a.status)
			}
			if a := tenant.post(address, url.Values{"act": {"run"}}); a.status != http.StatusForbidden {
				t.Errorf("a form to %s with a tenant's key: %d", address, a.status)
			}
			if a := b.visitor().get(address); a.status != http.StatusSeeOther {
				t.Errorf("%s without a key: %d", address, a.status)
			}
		}
	})
}

// Outcomes are listed page by page, and every page leads to the next and to the newest.
func TestOutcomesArePaged(t *testing.T) {
	onBoards(t, func(t *testing.T, b *board) {
		operator := b.signedIn("")
		for i := range outcomesPage + 3 {
			name := ordersync.TenantID(fmt.Sprint("t", i))
			b.must(b.store.Pause(t.Context(), name, b.connect(name)))
		}
		path := operator.post("/runs", url.Values{"act": {"run"}}).to
		first := operator.sees(path, "Older")
		_, rest, _ := strings.Cut(first, `href="`+path+`?before=`)
		mark, _, _ := strings.Cut(rest, "#")
		next := operator.sees(path+"?before="+mark, "Newest")
		for _, text := range []string{first, next} {
			if strings.Contains(text, "live=1#") {
				t.Error("a link leads to a stream")
			}
		}
		count := func(text string) int { return strings.Count(text, `href="/connections/`) }
		if count(first) != outcomesPage || count(next) != 3 {
			t.Errorf("pages of %d and %d outcomes", count(first), count(next))
		}
	})
}

// Who watches a run is sent what has changed, and nothing that leads back to a stream.
func TestRunIsWatched(t *testing.T) {
	onBoards(t, func(t *testing.T, b *board) {
		operator := b.signedIn("")
		b.connect("acme", called("Acme"))
		path := operator.post("/runs", url.Values{"act": {"run"}}).to
		message := nextEvent(t, operator.watch(path))
		for _, want := range []string{`hx-target="#progress"`, `hx-target="#outcomes"`, "is in progress", "0 of 1 connections"} {
			if !strings.Contains(message, want) {
				t.Errorf("no %s in %s", want, message)
			}
		}
		if strings.Contains(message, "live=1") {
			t.Error("a link leads to a stream")
		}
	})
}

func TestChangeAgainstTheRunBefore(t *testing.T) {
	v := &visit{Path: "/runs/X"}
	tally := func(reason ordersync.Reason, n int) store.ReasonTally { return store.ReasonTally{Reason: reason, N: n} }
	now := store.RunTally{Reasons: []store.ReasonTally{tally(ordersync.Success, 5), tally(ordersync.ClockSkew, 1), tally(ordersync.Paused, 2), {Reason: ordersync.TokenRevoked, Confirmed: true, N: 1}}}
	before := store.RunTally{Reasons: []store.ReasonTally{tally(ordersync.Success, 3), tally(ordersync.ClockSkew, 4), tally(ordersync.Paused, 2), tally(ordersync.TokenRevoked, 1)}}
	for going, want := range map[bool]string{
		false: "CLOCK_SKEW 3 fewer down Operator|PAUSED same  Operator|TOKEN_REVOKED 1 more up Seller|TOKEN_REVOKED 1 fewer down Nobody|SUCCESS 2 more down Nobody",
		true:  "CLOCK_SKEW to come  Operator|PAUSED same  Operator|TOKEN_REVOKED 1 more up Seller|TOKEN_REVOKED to come  Nobody|SUCCESS 2 more down Nobody",
	} {
		data := &runData{Going: going}
		v.compare(now, before, data)
		var rows []string
		for _, r := range data.Reasons {
			rows = append(rows, fmt.Sprint(r.Code, " ", r.Change, " ", r.ChangeClass, " ", r.Who))
		}
		if got := strings.Join(rows, "|"); got != want {
			t.Errorf("going %v:\n%s, want\n%s", going, got, want)
		}
	}
}

func TestVerdictOfARun(t *testing.T) {
	at := time.Date(2026, 11, 23, 15, 35, 0, 0, time.UTC)
	one := func(reason ordersync.Reason) []store.ReasonTally { return []store.ReasonTally{{Reason: reason, N: 1}} }
	done := ordersync.Run{State: ordersync.RunFinished, OpenedAt: at, FinishedAt: at.Add(time.Minute)}
	with := func(s ordersync.Summary, reasons []store.ReasonTally, change func(*ordersync.Run)) store.RunTally {
		run := done
		run.Summary = s
		if change != nil {
			change(&run)
		}
		return store.RunTally{Run: run, Reasons: reasons, Counted: true}
	}
	for want, tally := range map[string]store.RunTally{
		"Run at 15:35:00 is in progress":                        with(ordersync.Summary{Total: 2, Success: 1}, nil, func(r *ordersync.Run) { r.State = ordersync.RunOpen }),
		"Run at 15:35:00 was cancelled":                         with(ordersync.Summary{Total: 1, Partial: 1}, one(ordersync.Interrupted), func(r *ordersync.Run) { r.CancelledAt = at }),
		"Run at 15:35:00 had no connection to read":             with(ordersync.Summary{}, nil, nil),
		"Run at 15:35:00 has ended":                             with(ordersync.Summary{Total: 1, Failed: 1}, nil, nil),
		"1 connection needed you.":                              with(ordersync.Summary{Total: 1, Failed: 1}, one(ordersync.ClockSkew), nil),
		"Nothing needs you. 1 connection waits for its seller.": with(ordersync.Summary{Total: 1, Skipped: 1}, one(ordersync.TokenMissing), nil),
		"Nobody has to act. 1 connection goes on by itself.":    with(ordersync.Summary{Total: 1, Partial: 1}, one(ordersync.AmazonRateLimit), nil),
		"All 2 connections are up to date.":                     with(ordersync.Summary{Total: 2, Success: 2}, one(ordersync.Success), nil),
	} {
		v := &visit{Now: at.Add(time.Hour)}
		data := &runData{Name: v.runName(tally.Run), Going: tally.State != ordersync.RunFinished, Run: tally.Run}
		if v.verdict(tally, data); data.Head != want {
			t.Errorf("%q, want %q", data.Head, want)
		}
	}
}

func TestSplitShowsWhatThereIsOfEach(t *testing.T) {
	v := &visit{}
	bar := v.splitOf(ordersync.Summary{Total: 100_000, Success: 99_990, Failed: 1}, "")
	if got := fmt.Sprint(bar); got != "{ Success 99,990, Failed 1, Still to come 9 [{fl-ok  0.00% 98.00%} {fl-fail  98.30% 0.70%} {fl-line  99.30% 0.70%}]}" {
		t.Error(got)
	}
	if bar := v.splitOf(ordersync.Summary{}, ""); len(bar.Parts) != 0 || bar.Story != "no connection" {
		t.Errorf("%+v", bar)
	}
}

// forgetAll has everything read anew.
func (k *keptRuns) forgetAll() { k.list, k.going, k.done = nil, nil, nil }

func TestLengths(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 s", 440 * time.Millisecond: "0.4 s", 12 * time.Second: "12 s", 2 * time.Minute: "2 min", 128*time.Second + 400*time.Millisecond: "2 min 8 s", 3 * time.Hour: "3 h",
	} {
		if got := strings.ReplaceAll((words{}).length(d), noBreak, " "); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

// BenchmarkLargeRun is what the pages of runs cost when runs have 100,000 targets.
func BenchmarkLargeRun(b *testing.B) {
	board := newBoard(b, storetest.SQLite)
	operator := board.signedIn("")
	fill := func(text string, args ...any) {
		b.Helper()
		if _, err := board.store.Database().Exec(text, args...); err != nil {
			b.Fatal(err)
		}
	}
	fill(`INSERT INTO connections (tenant, region, seller_id, display_name, state, state_since, created_at, live_width_ms, back_width_ms)
		WITH RECURSIVE numbers(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 100000)
		SELECT 't' || i, 'eu', 'S' || i, 'Tenant ' || i, 'CONNECTED', 0, 0, 1, 1 FROM numbers`)
	begin := board.now
	for i, state := range []string{"finished", "finished", "open"} {
		at := begin.Add(time.Duration(i-3) * time.Minute).UnixMilli()
		id := fmt.Sprintf("R%025d", i)
		fill(`INSERT INTO runs (id, mode, tenant, state, opened_at, opened_after, deadline_at, finished_at, total, success, reasons) VALUES ($1, 'global', '', $2, $3, 0, $4,
			CASE WHEN $2 = 'open' THEN NULL ELSE $3 + 60000 END, CASE WHEN $2 = 'open' THEN NULL ELSE 100000 END, CASE WHEN $2 = 'open' THEN NULL ELSE 100000 END,
			CASE WHEN $2 = 'open' THEN NULL ELSE '[{"reason":"SUCCESS","n":100000,"counts":{}}]' END)`, id, state, at, at+900_000)
		fill(`INSERT INTO targets (run_id, connection_id, tenant, region, mode, opened_at, orders_received, items_received, orders_created, orders_changed, set_aside, settled_at, status, reason, message)
			SELECT $1, id, tenant, region, 'global', $2, 3, 3, 2, 1, 0, $2 + id % 1000, CASE WHEN id % 1000 = 0 THEN 'failed' ELSE 'success' END,
				CASE WHEN id % 1000 = 0 THEN 'CLOCK_SKEW' ELSE 'SUCCESS' END, 'x' FROM connections WHERE id % 7 > 0 OR $3 = 'finished'`, id, at, state)
	}
	fill(`ANALYZE`)
	operator.sees("/runs")
	for name, path := range map[string]string{
		"list": "/runs", "finished": "/runs/R" + fmt.Sprintf("%025d", 1), "going": "/runs/R" + fmt.Sprintf("%025d", 2),
		"reason": "/runs/R" + fmt.Sprintf("%025d", 1) + "?reason=CLOCK_SKEW", "status": "/runs/R" + fmt.Sprintf("%025d", 2) + "?status=failed",
	} {
		b.Run(name, func(b *testing.B) {
			size := 0
			for b.Loop() {
				board.pages.board.runs.forgetAll() // each time as the first visitor has it
				size = len(operator.sees(path))
			}
			b.ReportMetric(float64(size), "bytes")
		})
	}
}
