package web

import (
	"bufio"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// busy makes a connection of which there is something to tell of every kind.
func (s *board) busy(tenant ordersync.TenantID) ordersync.ConnectionID {
	s.t.Helper()
	id := s.connect(tenant, soldBy("S1"), func(in *store.Import) { name := `Maison <b>"Pivoine"</b>`; in.DisplayName = &name })
	_, err := s.engine.StartRun(s.ctx, ordersync.SingleRun, tenant)
	s.must(err)
	l, err := s.store.Claim(s.ctx, id, "test", time.Minute)
	s.must(err)
	w := ordersync.Window{From: boardStart.Add(-2 * time.Hour), To: boardStart.Add(-3 * time.Minute)}
	_, err = s.store.Commit(s.ctx, l, store.Commit{
		Kind: ordersync.Live,
		Page: &store.Page{Epoch: l.Epoch, Step: l.Step, Orders: []store.PageOrder{{Order: ordersync.Order{ID: "1", LastUpdatedAt: boardStart, Raw: []byte("{}"), Groups: ordersync.OrderGroups}}},
			Unreadable: []ordersync.Unreadable{{OrderID: "404-<i>1</i>", Key: "404-<i>1</i>", Cause: "orderItems: <u>missing</u>", Body: []byte("{}")}}},
		Walk:    &ordersync.Walk{Kind: ordersync.Live, Window: w, Cursor: w.From.Add(5 * time.Minute), StartedAt: boardStart.Add(-time.Minute), Pages: 12, Orders: 1200, Token: "secret-token", Marketplaces: []string{frenchMarket}},
		Repairs: []ordersync.Repair{{Code: ordersync.FutureCursorFixed, Old: []byte("2099-01-01<script>"), New: "2026-03-01T10:00:00Z"}},
		Covered: &store.Covered{Window: ordersync.Window{From: boardStart.Add(-90 * 24 * time.Hour), To: w.From}, Marketplaces: []string{frenchMarket}, Begun: boardStart},
	})
	s.must(err)
	s.exec(`UPDATE connections SET last_reason = 'AMAZON_BAD_RESPONSE', last_message = 'a page of <script>alert(1)</script>', reason_since = $1, cursor_at = $2, live_due_at = $3, authorized_at = $4, last_success_at = $2 WHERE id = $5`,
		boardStart.Add(-32*time.Minute).UnixMilli(), w.From.Add(5*time.Minute).UnixMilli(), boardStart.Add(4*time.Minute).UnixMilli(), boardStart.AddDate(0, 0, -345).UnixMilli(), int64(id))
	s.exec(`INSERT INTO budgets (client_id, region, seller, operation, plan_rate, plan_burst, rate, tokens, at, rate_at, calls, throttled)
		VALUES ('client', 'eu', 'S1', 'searchOrders', 0.0056, 20, 0.0056, 0.25, $1, 0, 233, 2)`, boardStart.UnixMilli())
	return id
}

func TestConnectionAnswersTheFourQuestions(t *testing.T) {
	onBoards(t, func(t *testing.T, s *board) {
		path := connectionHref("acme", s.busy("acme"))
		page := s.signedIn("").see(path)
		wantWords(t, page,
			`Maison <b>"Pivoine"</b>, Europe: Amazon’s answer cannot be read`, "Waits for an operator", "AMAZON_BAD_RESPONSE",
			"32 min", "11:28:00", "has no structure that can be read", "An operator looks at the message below", "in 4 min", "12:04:00",
			"Nothing is lost: the cursor keeps its place (10:05:00)", "a page of <script>alert(1)</script>",
			"A run waits for it since", "it is being read now",
			"0.3", "of 20 calls", "one every 178.6 s", "233 times", "2 answered 429", "in 2 min", `"tokens":0.3`, "live walk", "never yet",
			"12 pages", "1,200 orders", "cursor 10:05:00", "begun", "11:59:00", "none yet",
			"Repaired: a cursor in the future, put back", `"2099-01-01<script>" → 2026-03-01T10:00:00Z`, "First known as: connected", "The seller agreed at Amazon",
			"1 order could not be read or stored", "404-<i>1</i>", "orderItems: <u>missing</u>", "20 days left", "Germany", "France", germanMarket, "gap", "Under way", "1 order")
		for _, hostile := range []string{"<script>alert", "<b>\"", "<i>1", "<u>missing", "2099-01-01<script>", "secret-token"} {
			if strings.Contains(page, hostile) {
				t.Errorf("the page contains %q", hostile)
			}
		}
		french := s.signedIn("").in("fr").see(path)
		wantWords(t, french, `Maison <b>"Pivoine"</b>, Europe : la réponse d’Amazon est illisible`, "Attend un opérateur", "Rien n’est perdu : le curseur garde sa place (10:05:00)",
			"0,3", "sur 20 appels", "un appel toutes les 178,6 s", "20 jours restants", "Allemagne", "Réparé : un curseur dans le futur, remis en arrière", "1"+narrowSpace+"200 commandes")
		if len(page) > 300<<10 {
			t.Errorf("the page has %d bytes", len(page))
		}
	})
}

// Whom a connection is none of, and who asks for one that is not there, see nothing.
func TestConnectionOfAnotherTenant(t *testing.T) {
	onBoards(t, func(t *testing.T, s *board) {
		id := s.busy("acme")
		other := s.connect("other", soldBy("S2"))
		mine, operator := s.signedIn("acme"), s.signedIn("")
		for path, want := range map[string]int{connectionHref("acme", id): 200, connectionHref("other", other): 404, connectionHref("acme", other): 404, connectionHref("other", id): 404} {
			if got := mine.get(path).status; got != want {
				t.Errorf("%s answers acme %d", path, got)
			}
		}
		for _, path := range []string{connectionHref("acme", other), "/connections/acme/0", "/connections/acme/x", "/connections/acme/+1", "/connections/acme/01", "/connections/a%2Fb/1", "/connections/%00/1", "/connections/acme/99999999999999999999"} {
			if got := operator.get(path).status; got != http.StatusNotFound {
				t.Errorf("%s answers %d", path, got)
			}
		}
		for _, act := range []string{"sync", "pause", "resume", "link"} {
			if got := mine.post(connectionHref("other", other), url.Values{"act": {act}}).status; got != http.StatusNotFound {
				t.Errorf("acme may %s another's: %d", act, got)
			}
			if got := operator.post(connectionHref("acme", other), url.Values{"act": {act}}).status; got != http.StatusNotFound {
				t.Errorf("%s of what is not there: %d", act, got)
			}
		}
		for _, act := range []string{"pause", "resume"} {
			if got := mine.post(connectionHref("acme", id), url.Values{"act": {act}}).status; got != http.StatusForbidden {
				t.Errorf("a tenant may %s: %d", act, got)
			}
		}
		page := mine.see(connectionHref("acme", id))
		if strings.Contains(page, `value="pause"`) || !strings.Contains(page, `value="sync"`) || strings.Contains(page, `href="/runs/`) {
			t.Errorf("a tenant's buttons:\n%s", page)
		}
	})
}

// One that is up to date and has orders set aside still needs somebody.
func TestConnectionWithOrdersSetAside(t *testing.T) {
	onBoards(t, func(t *testing.T, s *board) {
		id, operator := s.busy("acme"), s.signedIn("")
		s.exec(`UPDATE connections SET last_reason = 'SUCCESS'`)
		wantWords(t, operator.see(connectionHref("acme", id)), "Some orders are set aside", "Who acts: Operator", "up to date, but for orders set aside", "SET_ASIDE",
			"Every change that Amazon shows is stored up to the cursor", "but for the orders set aside.", "Of its history, back to 1 Mar 2025, not all is read yet.")
		for _, m := range []string{"A13V1IB3VIYZZH", "A1PA6795UKMFR9"} {
			s.exec(`DELETE FROM coverage WHERE marketplace_id = $1 AND level = 'walked'`, m)
			s.exec(`INSERT INTO coverage (tenant, connection_id, marketplace_id, level, from_at, to_at) VALUES ('acme', $1, $2, 'walked', $3, $4)`,
				id, m, boardStart.Add(-3*time.Hour).UnixMilli(), boardStart.UnixMilli())
		}
		wantWords(t, operator.see(connectionHref("acme", id)), "all from 09:00:00 to it is stored, but for 1 order that is set aside")
		s.exec(`UPDATE set_aside SET order_id = ''`)
		wantWords(t, operator.see(connectionHref("acme", id)), "without a readable id", "with its window")
		s.exec(`DELETE FROM set_aside`)
		wantWords(t, operator.see(connectionHref("acme", id)), "Nobody has to do anything", "None: every order that came could be read and is stored.")
	})
}

func TestConnectionButtons(t *testing.T) {
	onBoards(t, func(t *testing.T, s *board) {
		id := s.connect("acme", soldBy("S1"))
		path, operator := connectionHref("acme", id), s.signedIn("")
		press := func(act string) {
			t.Helper()
			if a := operator.post(path, url.Values{"act": {act}}); a.status != http.StatusSeeOther || a.to != path {
				t.Fatalf("%s: %d, %s", act, a.status, a.to)
			}
		}
		press("pause")
		wantWords(t, operator.see(path), "acme, Europe: paused", "Resume", `aria-describedby="why-now" disabled`, "An operator resumes it")
		press("resume")
		wantWords(t, operator.see(path), "acme, Europe: waits for its first reading", "Resumed by an operator")
		press("sync")
		runs, err := s.store.Reader().Runs(s.ctx, store.RunsPage{})
		s.must(err)
		if len(runs) != 1 || runs[0].Mode != ordersync.SingleRun || runs[0].Tenant != "acme" {
			t.Errorf("runs: %+v", runs)
		}
		wantWords(t, operator.see(path), "A run waits for it since", "/runs/"+string(runs[0].ID))
		if a := operator.post(path, url.Values{"act": {"explode"}}); a.status != http.StatusBadRequest {
			t.Errorf("a button that is none: %d", a.status)
		}
	})
}

var shownLink = regexp.MustCompile(`id="url" class="mono" readonly value="(https://sync\.example\.com/connect/([\w-]+))"`)

// A link is shown once, leads to the connection, and comes with a text in both
// languages.
func TestConnectionLink(t *testing.T) {
	onBoards(t, func(t *testing.T, s *board) {
		id := s.connect("acme", soldBy("S1"))
		s.exec(`UPDATE connections SET state = 'NEEDS_RECONNECT', last_reason = 'TOKEN_REVOKED', last_confirmed = (1 = 1), revoked_at = $1, state_since = $1 WHERE id = $2`, boardStart.Add(-6*time.Hour).UnixMilli(), int64(id))
		path := connectionHref("acme", id)
		for who, lang := range map[ordersync.TenantID]string{"": "en", "acme": "fr"} {
			visitor := s.signedIn(who).in(lang)
			a := visitor.post(path, url.Values{"act": {"link"}})
			page := a.text
			found := shownLink.FindStringSubmatch(page)
			if a.status != http.StatusOK || found == nil || a.header.Get("Cache-Control") != "no-store" {
				t.Fatalf("%d: no link in\n%s", a.status, page)
			}
			consent, err := s.engine.ConsentOf(s.ctx, found[2], "browser")
			s.must(err)
			by := map[ordersync.TenantID]string{"": "operator", "acme": "tenant"}[who]
			if consent.Connection != id || consent.Tenant != "acme" || !consent.ExpiresAt.Equal(boardStart.Add(linkTime)) || consent.StartedBy != by {
				t.Errorf("the link is for %+v", consent)
			}
			wantWords(t, page, "Amazon does not let A & B read your orders any more.", "Amazon n’autorise plus A & B à lire vos commandes.", "8 Mar at 12:00 UTC", "8 mars à 12:00 UTC")
			if n := strings.Count(page, found[1]); n != 3 {
				t.Errorf("the link stands %d times on the page", n)
			}
			if again := visitor.see(path); strings.Contains(again, found[2]) || !strings.Contains(again, `value="link"`) {
				t.Errorf("the link is shown again:\n%s", again)
			}
		}
		wantWords(t, s.signedIn("").in("fr").see(path), "le vendeur doit se relier à nouveau", "Attend le vendeur", "6"+noBreak+"h", "TOKEN_REVOKED")
	})
}

func TestSellerText(t *testing.T) {
	until := boardStart.Add(linkTime)
	for want, c := range map[string]ordersync.Connection{
		"So that Shop can read your orders":                               {ID: 1, State: ordersync.Pending},
		"Amazon does not let Shop read your orders any more":              {ID: 1, State: ordersync.Connected, LastReason: ordersync.TokenMissing},
		"Amazon’s permission for Shop to read your orders ends on 11 Mar": {ID: 1, State: ordersync.Connected, LastReason: ordersync.Success, AuthorizedAt: boardStart.AddDate(0, 0, -355)},
		"To renew Amazon’s permission":                                    {ID: 1, State: ordersync.Connected, LastReason: ordersync.Success},
	} {
		text := sellerText(words{}, c, "Shop", "https://x/connect/t", until, boardStart)
		if !strings.Contains(strings.ReplaceAll(text, noBreak, " "), want) || !strings.Contains(text, "https://x/connect/t") || strings.Contains(text, "%!") {
			t.Errorf("%q is missing in %q", want, text)
		}
		if french := sellerText(words{french: true}, c, "Shop", "https://x/connect/t", until, boardStart); strings.Contains(french, "Amazon’s") || strings.Contains(french, "%!") || !strings.HasPrefix(french, "Bonjour,") {
			t.Errorf("in French: %q", french)
		}
		if lost := strings.Contains(text, "No order is lost"); lost != (c.LastReason == ordersync.TokenMissing) {
			t.Errorf("what is lost: %q", text)
		}
	}
}

// Every fragment that is sent anew has its place on the page, and is sent at first.
func TestConnectionIsLive(t *testing.T) {
	onBoards(t, func(t *testing.T, s *board) {
		path := connectionHref("acme", s.busy("acme"))
		operator := s.signedIn("")
		page := operator.see(path)
		r, err := http.NewRequestWithContext(s.ctx, http.MethodGet, s.server.URL+path+"?live=1", nil)
		s.must(err)
		answer, err := operator.client.Do(r)
		s.must(err)
		defer func() { _ = answer.Body.Close() }()
		var sent strings.Builder
		for lines := bufio.NewScanner(answer.Body); lines.Scan() && lines.Text() != ""; {
			sent.WriteString(lines.Text())
		}
		for _, name := range connectionScreen().live {
			if !strings.Contains(page, `id="`+name+`"`) || !strings.Contains(sent.String(), `hx-target="#`+name+`"`) {
				t.Errorf("the fragment %s has no place, or is not sent", name)
			}
		}
	})
}

// Every reason has a verdict, and every sentence of these pages its French.
func TestConnectionSentencesAreInFrench(t *testing.T) {
	used := map[string]bool{}
	for _, info := range ordersync.Reasons() {
		if verdicts[info.Code].short == "" {
			t.Errorf("%s has no verdict", info.Code)
		}
	}
	for _, table := range []map[ordersync.Reason]verdict{verdicts, confirmedVerdicts, {"a": switchedOff, "b": notYetRead, "c": newerVersion}} {
		for _, v := range table {
			used[v.short], used[v.why], used[v.ends] = true, true, true
		}
	}
	for _, info := range ordersync.RepairTable() {
		used[repairNames[info.Code]] = true
		if repairNames[info.Code] == "" {
			t.Errorf("%s has no words", info.Code)
		}
	}
	for _, text := range stateNames {
		used[text] = true
	}
	for _, text := range purposeNames {
		used[text] = true
	}
	files, err := filepath.Glob("*onnection*.go")
	if err != nil || len(files) < 8 {
		t.Fatalf("%v: %v", files, err)
	}
	said := regexp.MustCompile(`(?:\bT|\bsay|\bwrong|\bt)\(? ?"([^"]+)"`)
	both := regexp.MustCompile(`(?:\bTN\([^"\n]*?|\btn [^"\n]*?)"([^"]+)",? "([^"]+)"`)
	for _, file := range append(files, "reconnect.go", "screens/connection.html", "screens/connections.html") {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "french") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range said.FindAllStringSubmatch(string(text), -1) {
			used[m[1]] = true
		}
		for _, m := range both.FindAllStringSubmatch(string(text), -1) {
			used[m[1]], used[m[2]] = true, true
		}
	}
	if len(used) < 200 {
		t.Errorf("only %d sentences were found", len(used))
	}
	for english := range used {
		translated, ok := french(english)
		if english != "" && (!ok || strings.Count(translated, "%s") != strings.Count(english, "%s")) {
			t.Errorf("%q in French: %q", english, translated)
		}
	}
	for code, names := range countries {
		if _, known := ordersync.FindMarketplace(code); !known || names[0] == "" || names[1] == "" {
			t.Errorf("country %s: %v", code, names)
		}
	}
	for _, m := range ordersync.Marketplaces {
		if countries[m.Country][0] == "" {
			t.Errorf("%s has no name", m.Country)
		}
	}
}

func TestGaugeCells(t *testing.T) {
	for tokens, want := range map[float64]string{0: "0 0 20", 0.25: "0 1 20", 7: "7 0 20", 19.5: "19 1 20", 20: "20 0 20"} {
		full, filling, all := 0, 0, cells(tokens, 20)
		for _, c := range all {
			switch c.Class {
			case " full":
				full++
			case " filling":
				filling++
			}
		}
		if have := fmt.Sprint(full, filling, len(all)); have != want {
			t.Errorf("%v calls: %s, want %s", tokens, have, want)
		}
	}
	v := &visit{Now: boardStart}
	fresh := v.gauge(budgetNow{operation: ordersync.SearchOrders, budget: ordersync.NewBudget(ordersync.PublishedPlans[ordersync.SearchOrders], boardStart)}, nil)
	if fresh.Tokens != "20" || fresh.Low || fresh.Refill != "" || !fresh.NextAt.IsZero() {
		t.Errorf("a full bucket: %+v", fresh)
	}
}

func TestDrawnSpans(t *testing.T) {
	at := func(h int) time.Time { return boardStart.Add(time.Duration(h) * time.Hour) }
	whole := ordersync.Window{From: at(0), To: at(1000)}
	have := drawn(ordersync.Spans{{From: at(-10), To: at(100)}, {From: at(101), To: at(200)}, {From: at(500), To: at(501)}, {From: at(900), To: at(2000)}, {From: at(3000), To: at(4000)}}, whole)
	want := []span{{"0.00%", "20.00%"}, {"50.00%", "0.30%"}, {"90.00%", "10.00%"}}
	if fmt.Sprint(have) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", have, want)
	}
	var many ordersync.Spans
	for i := range 10_000 {
		many = append(many, ordersync.Window{From: at(0).Add(time.Duration(i) * 5 * time.Minute), To: at(0).Add(time.Duration(i)*5*time.Minute + time.Minute)})
	}
	if n := len(drawn(many, whole)); n > drawnSpans {
		t.Errorf("%d spans are drawn", n)
	}
}

func TestCalendar(t *testing.T) {
	v := &visit{Now: boardStart}
	for days, want := range map[int]string{10: "355 days left", 364: "1 day left", 365: "it has ended", 500: "it has ended"} {
		c := v.calendar(ordersync.Connection{AuthorizedAt: boardStart.AddDate(0, 0, -days)})
		if c.Left != want || len(c.Marks) != 3 || len(c.Months) < 11 || !strings.Contains(c.Story, want) {
			t.Errorf("after %d days: %+v", days, c)
		}
	}
	if c := v.calendar(ordersync.Connection{}); c.Known {
		t.Errorf("unknown: %+v", c)
	}
}

// Words beside a mark of the timeline run over no other.
func TestSpreadMarks(t *testing.T) {
	day := dayOf{boardStart.Add(-24 * time.Hour), boardStart}
	for _, test := range []struct {
		hours []int // ago, the newest first
		want  bool
	}{{[]int{1}, true}, {[]int{1, 20}, true}, {[]int{1, 5}, false}, {[]int{18, 20}, true}, {[]int{15, 23}, true}, {[]int{2, 2}, true}} {
		var marks []timeMark
		for _, h := range test.hours {
			marks = append(marks, (&visit{}).mark(day, boardStart.Add(-time.Duration(h)*time.Hour), "", "", "words"))
		}
		spread(marks)
		for i, m := range marks {
			if newest := i == len(marks)-1; (m.Text != "") != (newest && test.want) {
				t.Errorf("%v: the words of mark %d: %q", test.hours, i, m.Text)
			}
		}
	}
}
