package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"ordersync/internal/spapisim"
)

// A run that a server does is printed as one that is done here, and ends with
// the same exit code.
func TestSyncAtServer(t *testing.T) {
	onBoth(t, func(p *program) {
		p.importSeed()
		s := p.serve()
		key := p.key("--name", "cron")
		run := p.sync(exitOK, "--server", s.url+"/", "--server-key", key)
		if run.Mode != "global" || run.summary() != "3/2/1/0, partial 0" {
			p.t.Errorf("%+v", run)
		}
		one := p.sync(exitOK, "--server", s.url, "--server-key", key, "--tenant", "kbz_test")
		if one.Mode != "single" || one.TenantID != "kbz_test" || one.summary() != "1/1/0/0, partial 0" {
			p.t.Errorf("%+v", one)
		}
		if out := p.ok(p.run("sync", "--server", s.url, "--server-key", key)); !strings.Contains(out, "3 connections in ") || !strings.Contains(out, "What a human must do:") {
			p.t.Error(out)
		}
		own := p.key("--name", "portal", "--tenant", "kbz_test")
		p.sync(exitOK, "--server", s.url, "--server-key", own, "--tenant", "kbz_test")
		for _, c := range []struct {
			name, key, tenant, words string
		}{
			{"a key that is none", canaryKey, "", "ORDERSYNC_SERVER_KEY: the server does not know this key"},
			{"a tenant's key", own, "", "ORDERSYNC_SERVER_KEY: this key does not open that"},
			{"another tenant", own, "ecomlg-001", "ORDERSYNC_SERVER_KEY: this key does not open that"},
			{"an unknown tenant", key, "nobody", "tenant nobody has no connection"},
		} {
			args := []string{"sync", "--server", s.url, "--server-key", c.key}
			if c.tenant != "" {
				args = append(args, "--tenant", c.tenant)
			}
			if a := p.run(args...); a.code != exitUsage || a.out != "" || !strings.Contains(a.err, c.words) {
				p.t.Errorf("%s: %+v", c.name, a)
			}
		}
		_, err := p.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultBadJSON})
		p.must(err)
		p.sync(exitFailed, "--server", s.url, "--server-key", key, "--tenant", "ecomlg-001")
	})
}

// fakeServer answers as a test wants and checks the key.
func fakeServer(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+canaryKey {
			t.Errorf("the request has no key: %v", r.Header)
		}
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

const (
	someRun      = "0123456789ABCDEFGHIJKLMNOP"
	finishedBody = `{"mode":"global","success":true,"finished":true,"runId":"` + someRun + `","summary":{"total":0},"results":[]}`
)

// askServer asks a server, with no database and no Amazon at all.
func askServer(ctx context.Context, url string) answer {
	var out, talk strings.Builder
	code := run(ctx, []string{"sync", "--json", "--server", url, "--server-key", canaryKey}, outside{in: strings.NewReader(""), out: &out, err: &talk, now: realNow})
	return answer{code, out.String(), talk.String()}
}

// A run that goes on is watched where the server says, also while the server
// starts anew.
func TestSyncWatchesRun(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]int{"accepted": http.StatusAccepted, "cut off": 499} {
		var looks atomic.Int32
		url := fakeServer(t, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodPost:
				if !strings.HasPrefix(r.Header.Get("Prefer"), "wait=") {
					t.Error("it does not ask to wait")
				}
				w.Header().Set("Location", "/api/v1/runs/"+someRun)
				w.WriteHeader(first)
			case r.URL.Path != "/api/v1/runs/"+someRun:
				t.Errorf("it asks for %s", r.URL.Path)
			case looks.Add(1) == 1:
				w.WriteHeader(http.StatusServiceUnavailable)
			case looks.Load() == 2:
				_, _ = w.Write([]byte(`{"finished":false}`))
			default:
				_, _ = w.Write([]byte(finishedBody))
			}
		})
		if a := askServer(context.Background(), url); a.code != exitOK || !strings.Contains(a.out, someRun) || looks.Load() != 3 {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// What large runs leave out is asked for.
func TestSyncReadsAllResults(t *testing.T) {
	t.Parallel()
	url := fakeServer(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPost:
			_, _ = w.Write([]byte(strings.Replace(finishedBody, `"results"`, `"resultsTruncated":true,"resultsLink":"x","results"`, 1)))
		case r.URL.Query().Get("cursor") == "":
			_, _ = w.Write([]byte(`{"results":[{"tenantId":"b"}],"nextCursor":"1-2"}`))
		default:
			_, _ = w.Write([]byte(`{"results":[{"tenantId":"a"}]}`))
		}
	})
	a := askServer(context.Background(), url)
	if one, two := strings.Index(a.out, `"tenantId": "a"`), strings.Index(a.out, `"tenantId": "b"`); a.code != exitOK || one < 0 || two < one || strings.Contains(a.out, "Truncated") {
		t.Errorf("%+v", a)
	}
}

// Trouble with the server is told, without the key, and with an exit code of its
// own.
func TestSyncServerTrouble(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		body   string
		code   int
		words  string
	}{
		{"down", 503, `{"detail":"the database does not answer: ask again"}`, exitNotDone, "the server answers 503 Service Unavailable: the database does not answer"},
		{"a gateway's page", 502, "<html>\x1b[31m", exitNotDone, "502 Bad Gateway"},
		{"another server", 200, "<html>", exitNotDone, "is there an ordersync of this version"},
		{"another JSON", 200, "{}", exitNotDone, "is no run: is there an ordersync at the address in --server?"},
		{"no such path", 404, "", exitUsage, "wrong --server or --tenant?"},
		{"a redirect", 302, "", exitNotDone, "302 Found"},
		{"a bad request", 422, `{"detail":"` + strings.Repeat("long ", 1000) + `"}`, exitUsage, "long long"},
	} {
		url := fakeServer(t, func(w http.ResponseWriter, _ *http.Request) {
			if c.status == http.StatusFound {
				w.Header().Set("Location", "https://elsewhere.example.com/")
			}
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.body))
		})
		a := askServer(context.Background(), url)
		if a.code != c.code || a.out != "" || !strings.Contains(a.err, c.words) || len(a.err) > 600 || strings.Contains(a.err, canaryKey) || strings.Contains(a.err, "\x1b") {
			t.Errorf("%s: %+v", c.name, a)
		}
	}
	if a := askServer(context.Background(), "http://127.0.0.1:1"); a.code != exitNotDone || !strings.Contains(a.err, "the server cannot be asked now") {
		t.Errorf("nobody there: %+v", a)
	}
	ctx, cancel := context.WithCancel(context.Background())
	url := fakeServer(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if a := askServer(ctx, url); a.code != exitAborted {
		t.Errorf("interrupted: %+v", a)
	}
}
