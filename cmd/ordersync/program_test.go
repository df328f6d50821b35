package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ordersync/internal/leak"
	"ordersync/internal/secret"
	"ordersync/internal/spapisim"
	"ordersync/internal/store/storetest"
)

// Settings of the machine must not reach the tests.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "ORDERSYNC_") && name != "ORDERSYNC_TEST_POSTGRES" {
			_ = os.Unsetenv(name)
		}
	}
	setAWS()
	var err error
	if workshop, err = os.MkdirTemp("", "ordersync-test-"); err != nil {
		panic(err)
	}
	listenToAnswers()
	code := m.Run()
	_ = os.RemoveAll(workshop)
	for _, leak := range suite.Found() {
		fmt.Println(leak)
		code = max(code, 1)
	}
	os.Exit(code)
}

// program is an installation of ordersync: a database, a simulated Amazon behind
// a real socket, and a clock that both go by. Whatever it says and whatever it
// stores is searched for secrets at the end of the test.
type program struct {
	t         testing.TB
	kind      storetest.Kind
	database  string // its URL
	masterKey string
	sim       *spapisim.Simulator
	app       spapisim.Application
	amazon    string   // its address
	extra     []string // further flags
	ahead     atomic.Int64
	query     func(query string, args ...any) [][]string // asks the database directly

	watch   leak.Watch // of everything that is said and stored
	tickets leak.Watch // of logs and the database: the pages of a ticket may say it
}

// onBoth runs a test on both databases, both at once.
func onBoth(t *testing.T, test func(p *program)) {
	t.Helper()
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		test(newProgram(t, kind, storetest.New(t, kind)))
	})
}

// onSQLite runs a test for which the database makes no difference.
func onSQLite(t *testing.T, test func(p *program)) {
	t.Helper()
	t.Parallel()
	test(newProgram(t, storetest.SQLite, storetest.New(t, storetest.SQLite)))
}

func newProgram(t testing.TB, kind storetest.Kind, database string, change ...func(*spapisim.Config)) *program {
	t.Helper()
	p := newInstallation(t, kind, database)
	config := spapisim.Config{Seed: 15, Now: p.now}
	for _, f := range change {
		f(&config)
	}
	var err error
	p.sim, err = spapisim.New(config)
	p.must(err)
	p.app, err = p.sim.AddApplication(spapisim.ApplicationSpec{})
	p.must(err)
	server := httptest.NewServer(p.watch.Amazon(p.sim.Handler()))
	t.Cleanup(server.Close)
	p.amazon = server.URL
	p.hide(p.app.ClientSecret)
	return p
}

// newInstallation is a program without its Amazon.
func newInstallation(t testing.TB, kind storetest.Kind, database string) *program {
	t.Helper()
	p := &program{t: t, kind: kind, database: database, masterKey: secret.GenerateMasterKey(), watch: leak.Watch{Suite: &suite}}
	p.hide(p.masterKey)
	p.query = p.direct() // closes after the last look for secrets
	t.Cleanup(p.checkSecrets)
	return p
}

// now is the clock of the program and of its Amazon.
func (p *program) now() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())) }

// later puts the clock forward.
func (p *program) later(d time.Duration) { p.ahead.Add(int64(d)) }

// settings are the flags of the installation.
func (p *program) settings() []string {
	return append([]string{
		"--database-url", p.database, "--master-key", p.masterKey,
		"--amazon-client-id", p.app.ClientID, "--amazon-client-secret", p.app.ClientSecret,
		"--amazon-api-url", p.amazon, "--amazon-lwa-url", p.amazon + "/auth/o2/token",
	}, p.extra...)
}

// answer is what a command said and how it ended.
type answer struct {
	code     int
	out, err string
}

// run runs a command with the settings of the installation; later flags win.
func (p *program) run(args ...string) answer {
	return p.runWith(context.Background(), "", append(p.settings(), args...)...)
}

// feed runs a command with a standard input.
func (p *program) feed(input string, args ...string) answer {
	return p.runWith(context.Background(), input, append(p.settings(), args...)...)
}

// runWith runs a command with nothing but what is given.
func (p *program) runWith(ctx context.Context, input string, args ...string) answer {
	a := p.unheardWith(ctx, input, args...)
	p.watch.Say("what the command printed", a.out)
	p.logged("what the command said", a.err)
	return a
}

// unheard runs a command that may print what is hidden otherwise.
func (p *program) unheard(args ...string) answer {
	return p.unheardWith(context.Background(), "", args...)
}

func (p *program) unheardWith(ctx context.Context, input string, args ...string) answer {
	var out, talk bytes.Buffer
	code := run(ctx, args, outside{in: strings.NewReader(input), out: &out, err: &talk, now: p.now})
	return answer{code, out.String(), talk.String()}
}

// ok wants exit code 0 and returns what was printed.
func (p *program) ok(a answer) string {
	p.t.Helper()
	if a.code != exitOK {
		p.t.Fatalf("exit code %d:\n%s%s", a.code, a.out, a.err)
	}
	return a.out
}

func (p *program) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// seller makes a seller at Amazon with orders and authorises the application.
func (p *program) seller(region string, orders ...spapisim.Generate) (spapisim.Seller, string) {
	p.t.Helper()
	seller, err := p.sim.AddSeller(spapisim.SellerSpec{Region: region})
	p.must(err)
	for _, g := range orders {
		_, err := p.sim.Generate(seller.Key, g)
		p.must(err)
	}
	token, err := p.sim.Authorize(p.app.ClientID, seller.Key)
	p.must(err)
	p.hide(token)
	return seller, token
}

// line is a line of an import file.
type line map[string]any

// imports imports lines, all of which must be good.
func (p *program) imports(lines ...line) {
	p.t.Helper()
	p.ok(p.feed(p.text(lines...), "tenants", "import", "-"))
}

func (p *program) text(lines ...line) string {
	p.t.Helper()
	var out strings.Builder
	for _, l := range lines {
		b, err := json.Marshal(l)
		p.must(err)
		out.Write(b)
		out.WriteByte('\n')
	}
	return out.String()
}

// runReport is what tests read of a run's JSON. It is written apart from the
// program's own types, so that a name that changes is noticed.
type runReport struct {
	Mode     string `json:"mode"`
	TenantID string `json:"tenantId"`
	Success  bool   `json:"success"`
	Finished bool   `json:"finished"`
	Summary  struct {
		Total, Success, Partial, Skipped, Failed int
	} `json:"summary"`
	Results     []resultReport `json:"results"`
	ReasonCodes []string       `json:"reasonCodes"`
}

type resultReport struct {
	TenantID        string `json:"tenantId"`
	Region          string `json:"region"`
	Status          string `json:"status"`
	ReasonCode      string `json:"reasonCode"`
	Message         string `json:"message"`
	Confirmed       bool   `json:"confirmed"`
	WhoActs         string `json:"whoActs"`
	OrdersProcessed int    `json:"ordersProcessed"`
	ItemsProcessed  int    `json:"itemsProcessed"`
	OrdersCreated   int    `json:"ordersCreated"`
	OrdersChanged   int    `json:"ordersChanged"`
	SetAside        int    `json:"setAside"`
	Repairs         []struct {
		Code, Old, New string
	} `json:"repairs"`
}

// sync does a run that must end with a code, and reads its JSON.
func (p *program) sync(code int, args ...string) runReport {
	p.t.Helper()
	a := p.run(append([]string{"sync", "--json"}, args...)...)
	if a.code != code {
		p.t.Fatalf("exit code %d, want %d:\n%s%s", a.code, code, a.out, a.err)
	}
	var r runReport
	if err := json.Unmarshal([]byte(a.out), &r); err != nil {
		p.t.Fatalf("%v:\n%s", err, a.out)
	}
	return r
}

// summary is a run's totals in the order of the seed's: total, success, skipped,
// failed, and partial.
func (r runReport) summary() string {
	s := r.Summary
	return fmt.Sprintf("%d/%d/%d/%d, partial %d", s.Total, s.Success, s.Skipped, s.Failed, s.Partial)
}

// of is the only result of a tenant.
func (p *program) of(r runReport, tenant string) resultReport {
	p.t.Helper()
	var found []resultReport
	for _, one := range r.Results {
		if one.TenantID == tenant {
			found = append(found, one)
		}
	}
	if len(found) != 1 {
		p.t.Fatalf("%s has %d results, want 1: %+v", tenant, len(found), r.Results)
	}
	return found[0]
}

// searches is how often Amazon was asked for orders.
func (p *program) searches(seller spapisim.Seller) int {
	return p.sim.Counters().Total(seller.Key, spapisim.SearchOrders, -1)
}

// begin is a time for tests that need any.
var begin = time.Date(2026, 1, 12, 2, 54, 23, 0, time.UTC)

func realNow() time.Time { return time.Now() }
