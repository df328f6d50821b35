package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ordersync/internal/secret"
	"ordersync/internal/spapisim"
)

// What stands in the way of a rotation is said with what to do, and Amazon is not
// asked for a secret that could not be received.
func TestRotationIsRefused(t *testing.T) {
	eachRotating(t, func(r *rotating) {
		r.must(r.sim.ChangeApplication(r.app.ClientID, func(s *spapisim.ApplicationSpec) { s.RotationEnrolled = false }))
		refused := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			w.WriteHeader(http.StatusForbidden)
			_, _ = fmt.Fprint(w, `{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"SECRETOFAWSFORTESTS"}`)
		}))
		t.Cleanup(refused.Close)
		for _, c := range []struct {
			code  int
			words string
			args  []string
		}{
			{exitUsage, "ORDERSYNC_AMAZON_NOTIFICATIONS_QUEUE is not set", []string{"--amazon-notifications-queue", ""}},
			{exitUsage, "standard queue", []string{"--amazon-notifications-queue", "https://sqs.eu-west-1.amazonaws.com/1/a.fifo"}},
			{exitUsage, "--wait", []string{"--wait", "2h"}},
			{exitNotDone, "does not exist", []string{"--amazon-notifications-queue", r.sqs.proxy + "x"}},
			{exitNotDone, "sqs:ReceiveMessage", []string{"--amazon-notifications-queue", refused.URL + "/1/q"}},
			{exitNotDone, "reaches the queue", []string{"--amazon-notifications-queue", "http://127.0.0.1:1/1/q"}},
			{exitNotDone, "register the queue in the developer console", nil},
			{exitNotDone, "once a minute", nil},
			{exitNotDone, "register the queue in the developer console", nil}, // nothing was done, and nothing is waited for
		} {
			if c.words != "once a minute" {
				r.later(2 * time.Minute)
			}
			_, a := r.rotates(c.code, c.args...)
			if !strings.Contains(a.err, c.words) || a.out != "" {
				t.Errorf("%v: %+v, want %s", c.args, a, c.words)
			}
		}
		if n := len(r.sim.Notifications("")); n != 0 {
			t.Errorf("Amazon made %d secrets", n)
		}
		if found := r.examined(exitFailed, "--amazon-notifications-queue", refused.URL+"/1/q")["notifications"]; !strings.HasPrefix(found, "failed: ") || !strings.Contains(found, "sqs:ReceiveMessage") {
			t.Errorf("the doctor: %s", found)
		}
		if found := r.examined(exitOK)["notifications"]; !strings.HasPrefix(found, "ok: ") {
			t.Errorf("the doctor: %s", found)
		}
	})
}

// A rotation whose message is late is waited for, however often it is asked for, and
// found by whoever asks last.
func TestRotationIsAskedForOnceThoughInterrupted(t *testing.T) {
	eachRotating(t, func(r *rotating) {
		r.hold()
		for range 3 {
			if _, a := r.rotates(exitNotDone, "--wait", "2s"); !strings.Contains(a.err, "run the same command again") {
				t.Errorf("%+v", a)
			}
		}
		if n := len(r.sim.Notifications("")); n != 1 {
			r.t.Fatalf("Amazon was asked %d times", n)
		}
		ctx, interrupt := context.WithCancel(context.Background())
		var receipts atomic.Int64
		r.sqs.asks(func(action string, _ []byte) bool {
			if action == "ReceiveMessage" && receipts.Add(1) == 2 {
				interrupt()
			}
			return false
		})
		if a := r.runWith(ctx, "", append(r.settings(), "app", "rotate-secret")...); a.code != exitAborted {
			t.Errorf("interrupted: %+v", a)
		}
		r.sqs.asks(nil)
		r.sqs.send(r.message(0))
		if out, _ := r.rotates(exitOK); out.Asked || !out.Accepted || out.AskedAt == nil {
			t.Errorf("%+v", out)
		}
		a := r.run("app", "rotate-secret")
		if r.ok(a); !strings.Contains(a.out, "Amazon was not asked again") || !strings.Contains(a.out, "takes it") {
			t.Errorf("%+v", a)
		}
		r.later(11 * time.Minute)
		r.mu.Lock()
		r.holds = false
		r.mu.Unlock()
		if out, _ := r.rotates(exitOK, "--region", "na"); !out.Asked {
			t.Errorf("%+v", out)
		}
		r.later(2 * time.Minute)
		if out, _ := r.rotates(exitOK, "--again"); !out.Asked {
			t.Errorf("%+v", out)
		}
		if r.stored() != 2 {
			t.Errorf("%d are stored", r.stored())
		}
	})
}

// The age of a secret that was set is known from when it was first seen, and its end
// is warned of wherever an operator looks.
func TestClientSecretIsWarnedOf(t *testing.T) {
	eachRotating(t, func(r *rotating) {
		r.hold()
		if got := r.shows(); got.ClientSecret != nil || !got.NotificationsQueue {
			t.Errorf("at first: %+v", got)
		}
		r.sync(exitOK)
		key := r.key("--name", "ops")
		s := r.serve()
		warnings := func() string {
			t.Helper()
			request, err := http.NewRequest(http.MethodGet, s.url+"/api/v1/connections", nil)
			r.must(err)
			request.Header.Set("Authorization", "Bearer "+key)
			response, err := http.DefaultClient.Do(request)
			r.must(err)
			defer func() { _ = response.Body.Close() }()
			var out struct {
				Warnings []struct{ Code, WhoActs, Message, EndsAt string }
			}
			r.must(json.NewDecoder(response.Body).Decode(&out))
			codes := []string{}
			for _, w := range out.Warnings {
				codes = append(codes, w.Code)
				if w.WhoActs != "operator" || !strings.Contains(w.Message, "rotate-secret") || w.EndsAt == "" {
					t.Errorf("%+v", w)
				}
			}
			return strings.Join(codes, ",")
		}
		for _, c := range []struct {
			days            int // from the start
			warning, doctor string
			code            int
		}{
			{1, "", "ok: the client secret is at least 1 days old", exitOK},
			{149, "", "ok: ", exitOK},
			{151, "CLIENT_SECRET_ENDS_IN_30_DAYS", "warning: ", exitOK},
			{166, "CLIENT_SECRET_ENDS_IN_15_DAYS", "warning: ", exitOK},
			{176, "CLIENT_SECRET_ENDS_IN_5_DAYS", "warning: ", exitOK},
		} {
			r.ahead.Store(int64(time.Duration(c.days)*24*time.Hour + time.Minute))
			status := r.ok(r.run("status"))
			if got := r.shows().ClientSecret; got.Warning != c.warning || !got.AtLeast || !got.AtTheLatest || got.Days != c.days || got.Origin != "setting" {
				t.Errorf("after %d days: %+v", c.days, got)
			}
			if got := warnings(); got != c.warning {
				t.Errorf("after %d days over HTTP: %q", c.days, got)
			}
			if strings.Contains(status, "CLIENT_SECRET") != (c.warning != "") || !strings.Contains(status, c.warning) {
				t.Errorf("after %d days: %s", c.days, status)
			}
			if got := r.examined(c.code)["client secret"]; !strings.HasPrefix(got, c.doctor) || (c.warning != "") != strings.Contains(got, "rotate-secret") {
				t.Errorf("after %d days the doctor says %s", c.days, got)
			}
		}
		// Once a day the log is told, by one process.
		other := r.serve()
		said := func() (n int) {
			for _, one := range []*serving{s, other} {
				n += strings.Count(one.talk.String(), `level=WARN msg="the client secret is at least`)
			}
			return n
		}
		before := said() // the clock went fast
		r.later(25 * time.Hour)
		r.until("the log is told again", func() bool { return said() > before })
		r.later(23 * time.Hour)
		searched := r.now()
		r.until("the servers have ticked since", func() bool {
			_ = r.run("sync", "--back-work", "0s")
			return r.now().Sub(searched) > 3*time.Second
		})
		if n := said(); n != before+1 {
			t.Errorf("the log was told %d times within two days", n-before)
		}
		// Amazon's own word on the end, and then a new secret.
		notice, err := r.sim.NoticeSecretExpiry(r.app.ClientID)
		r.must(err)
		r.sqs.send(notice)
		r.until("the notice came", func() bool { return !r.shows().ClientSecret.AtTheLatest })
		r.later(5 * 24 * time.Hour)
		if got := r.shows().ClientSecret; got.Warning != "CLIENT_SECRET_ENDED" || got.DaysLeft != 0 {
			t.Errorf("%+v", got)
		}
		if got := r.examined(exitFailed)["client secret"]; !strings.HasPrefix(got, "failed: ") {
			t.Error(got)
		}
		// The rotation was missed: by hand then.
		fresh, err := r.sim.RotateSecret(r.app.ClientID)
		r.must(err)
		r.hide(fresh)
		r.later(time.Minute)
		r.sync(exitOK, "--amazon-client-secret", fresh)
		if got := r.shows().ClientSecret; got.Warning != "" || got.Days != 0 || !got.AtLeast {
			t.Errorf("%+v", got)
		}
		if got := warnings(); got != "" {
			t.Error(got)
		}
	})
}

// A change of the master key takes the stored client secrets along.
func TestStoredClientSecretsAreSealedAnew(t *testing.T) {
	eachRotating(t, func(r *rotating) {
		r.rotates(exitOK)
		old, fresh := r.masterKey, secret.GenerateMasterKey()
		r.hide(fresh)
		r.masterKey = fresh + "," + old
		a := r.run("secrets", "rotate-key")
		if r.ok(a); !strings.Contains(a.err, "1 secret ") {
			t.Errorf("%s", a.err)
		}
		r.masterKey = fresh
		r.later(8 * 24 * time.Hour)
		if found := r.examined(exitOK)["application"]; !strings.HasPrefix(found, "ok: ") {
			t.Error(found)
		}
	})
}

// While Login with Amazon is away nothing was asked of Amazon, and nothing is waited
// for afterwards.
func TestRotationIsAskedForAnewAfterLoginWasAway(t *testing.T) {
	eachRotating(t, func(r *rotating) {
		fault, err := r.sim.AddFault(spapisim.Fault{Kind: spapisim.FaultLWA, Variant: "server_error", Operation: spapisim.Token})
		r.must(err)
		if _, a := r.rotates(exitNotDone, "--wait", "2s"); strings.Contains(a.err, "is not known") {
			t.Errorf("%+v", a)
		}
		if !r.sim.RemoveFault(fault) {
			r.t.Fatal("the fault is gone")
		}
		if out, _ := r.rotates(exitOK, "--wait", "20s"); !out.Asked || !out.Accepted {
			t.Errorf("%+v", out)
		}
	})
}

// A rotation that a wrong clock has dated into the future is not taken for a late one.
func TestRotationAfterTheClockWasSetBack(t *testing.T) {
	eachRotating(t, func(r *rotating) {
		first, _ := r.rotates(exitOK)
		r.later(2 * time.Minute)
		r.query(`UPDATE client_secrets SET seen_at = seen_at + 2592000000`)
		r.query(`UPDATE applications SET rotation_asked_at = rotation_asked_at + 2592000000`)
		if out, _ := r.rotates(exitOK, "--wait", "20s"); !out.Asked || *out.EndsAt <= *first.EndsAt {
			t.Errorf("%+v", out)
		}
	})
}
