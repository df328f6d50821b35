package main

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// seedCurl is the command with which the seed proves its run, word by word.
const seedCurl = `curl -sk -X POST \
  -H "X-User-Email: cron@system.keybuzz.io" \
  -H "X-Tenant-Id: ecomlg-001" \
  https://backend-dev.keybuzz.io/api/v1/orders/sync/run/global`

// seedStatus asks for the status in the same way.
const seedStatus = `curl -sk \
  -H "X-User-Email: cron@system.keybuzz.io" \
  -H "X-Tenant-Id: ecomlg-001" \
  https://backend-dev.keybuzz.io/api/v1/orders/sync/status`

// tlsProxy stands before the server as in the seed's cluster. It returns its
// address.
func (p *program) tlsProxy(s *serving) string {
	p.t.Helper()
	to, err := url.Parse(s.url)
	p.must(err)
	proxy := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }})
	p.t.Cleanup(proxy.Close)
	return proxy.Listener.Addr().String()
}

// curl runs a command of curl's; the host's name leads to the proxy.
func (p *program) curl(command, proxy string) string {
	p.t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		p.t.Fatal("curl is missing, and the seed's command is run with it: install it, as with apt-get install curl")
	}
	c := exec.Command("sh", "-c", command+` --max-time 60 --connect-to backend-dev.keybuzz.io:443:`+proxy)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "CURL_HOME=" + p.t.TempDir()} // no proxies and settings of this machine
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		p.t.Fatalf("curl: %v: %s", err, out)
	}
	return string(out)
}

// gate holds Amazon's answers back until it is opened.
type gate struct {
	open chan struct{}
	once sync.Once
}

func (g *gate) let() { g.once.Do(func() { close(g.open) }) }

// gated puts a gate before Amazon.
func (p *program) gated() *gate {
	g := &gate{open: make(chan struct{})}
	amazon := httptest.NewServer(p.watch.Amazon(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-g.open:
		case <-r.Context().Done():
			return
		}
		p.sim.Handler().ServeHTTP(w, r)
	})))
	p.t.Cleanup(func() { g.let(); amazon.Close() })
	p.amazon = amazon.URL
	return g
}

// The seed's proof, end to end: its curl, its three tenants, its numbers.
func TestSeedThroughHTTP(t *testing.T) {
	onBoth(t, func(p *program) {
		gate := p.gated() // the server has begun before the run comes: what it reads shall count for the run
		f := p.importSeed()
		s := p.serve("--trusted-proxies", "127.0.0.1", "--operators", "cron@system.keybuzz.io")
		proxy := p.tlsProxy(s)
		if _, port, err := net.SplitHostPort(proxy); err != nil || port == "" {
			p.t.Fatalf("the proxy has no port: %s", proxy)
		}
		said := make(chan string, 1)
		go func() { said <- p.curl(seedCurl, proxy) }()
		p.until("the run is opened", func() bool { return len(p.query(`SELECT id FROM runs WHERE state = 'open'`)) == 1 })
		gate.let()
		p.wantSeedRun(<-said)
		p.wantTruth("kbz_test", f.test)
		p.wantTruth("ecomlg-001", f.healthy)

		var status struct {
			TotalTenants, TenantsWithToken int
			Tenants                        []struct {
				TenantID        string
				HasRefreshToken bool
			}
		}
		p.must(json.Unmarshal([]byte(p.curl(seedStatus, proxy)), &status))
		if status.TotalTenants != 3 || status.TenantsWithToken != 2 || len(status.Tenants) != 3 {
			p.t.Errorf("the status: %+v", status)
		}
		for _, one := range status.Tenants {
			if one.HasRefreshToken != (one.TenantID != "kbz-002") {
				p.t.Errorf("the status: %+v", one)
			}
		}
		var second runReport
		p.must(json.Unmarshal([]byte(p.curl(seedCurl, proxy)), &second))
		if second.summary() != "3/2/1/0, partial 0" {
			p.t.Errorf("the second run: %+v", second)
		}
		for _, r := range second.Results {
			if r.OrdersCreated != 0 || r.OrdersChanged != 0 {
				p.t.Errorf("the second run: %+v", r)
			}
		}
	})
}

// wantSeedRun wants the seed's result.
func (p *program) wantSeedRun(text string) {
	p.t.Helper()
	var run runReport
	if err := json.Unmarshal([]byte(text), &run); err != nil {
		p.t.Fatalf("%v: %s", err, text)
	}
	if run.Mode != "global" || !run.Success || !run.Finished || run.summary() != "3/2/1/0, partial 0" {
		p.t.Fatalf("the run: %+v", run)
	}
	missing, mended := p.of(run, "kbz-002"), p.of(run, "kbz_test")
	if missing.ReasonCode != "TOKEN_MISSING" || missing.Message != "No refresh token in Vault - reconnect Amazon required" {
		p.t.Errorf("kbz-002: %+v", missing)
	}
	if mended.ReasonCode != "SUCCESS" || mended.ItemsProcessed != 7 {
		p.t.Errorf("kbz_test: %+v", mended)
	}
	if healthy := p.of(run, "ecomlg-001"); healthy.ReasonCode != "SUCCESS" {
		p.t.Errorf("ecomlg-001: %+v", healthy)
	}
}

// Anybody else behind the proxy may not start a global run.
func TestSeedThroughHTTPAsAnother(t *testing.T) {
	onSQLite(t, func(p *program) {
		p.importSeed()
		s := p.serve("--trusted-proxies", "127.0.0.1", "--operators", "cron@system.keybuzz.io")
		command := strings.Replace(seedCurl, "cron@system.keybuzz.io", "somebody@example.com", 1)
		if said := p.curl(command, p.tlsProxy(s)); !strings.Contains(said, `"status":403`) {
			p.t.Error(said)
		}
		if runs := p.query(`SELECT id FROM runs`); len(runs) != 0 {
			p.t.Errorf("%d runs were started", len(runs))
		}
	})
}
