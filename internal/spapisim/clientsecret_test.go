package spapisim_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"ordersync/internal/spapisim"
)

const (
	rotatePath    = "/applications/2023-11-30/clientSecret"
	rotationScope = "sellingpartnerapi::client_credential:rotation"
	day           = 24 * time.Hour
)

// grantless asks Login with Amazon for a token without a seller.
func (b *bench) grantless(scope, secret string) string {
	b.t.Helper()
	r := b.token("grant_type", "client_credentials", "scope", scope, "client_id", b.app.ClientID, "client_secret", secret)
	got := lwa(b.t, r)
	if r.status != 200 || !strings.HasPrefix(got.AccessToken, "Atc|") || got.RefreshToken != "" {
		b.t.Fatalf("%d %s", r.status, r.body)
	}
	return got.AccessToken
}

// rotate calls rotateApplicationClientSecret over HTTP.
func (b *bench) rotate(token string) reply {
	b.t.Helper()
	server := httptest.NewServer(b.handler)
	defer server.Close()
	r, err := http.NewRequest(http.MethodPost, server.URL+rotatePath, nil)
	b.must(err)
	r.Header.Set("User-Agent", agent)
	if token != "" {
		r.Header.Set("X-Amz-Access-Token", token)
	}
	answer, err := http.DefaultClient.Do(r)
	b.must(err)
	var body bytes.Buffer
	_, err = body.ReadFrom(answer.Body)
	b.must(err)
	b.must(answer.Body.Close())
	checkMethod(b.t, "application_2023-11-30.json", "post", rotatePath, answer.StatusCode, body.Bytes())
	return reply{answer.StatusCode, answer.Header, body.Bytes()}
}

func enrolled(b *bench) {
	b.change(func(spec *spapisim.ApplicationSpec) { spec.RotationEnrolled = true })
}

func TestRotateClientSecretTokens(t *testing.T) {
	b := setup(t)
	enrolled(b)
	secret := b.app.ClientSecret
	notifications := b.grantless("sellingpartnerapi::notifications", secret)
	rotation := b.grantless(rotationScope, secret)
	for _, c := range []struct {
		name, token string
		status      int
	}{
		{"no token", "", 403},
		{"unknown token", "Atc|x", 403},
		{"a seller's token", b.access, 403},
		{"another scope", notifications, 403},
		{"the scope", rotation, 204},
	} {
		t.Run(c.name, func(t *testing.T) {
			if r := b.rotate(c.token); r.status != c.status {
				t.Errorf("%d %s (%s)", r.status, r.body, r.header.Get("X-Simulator-Reason"))
			}
		})
	}
	b.access = rotation
	if r := b.get(searchPath, "createdAfter", at(start)); r.status != 403 || *errorOf(t, r).Details != "" {
		t.Errorf("a grantless token on a seller's operation: %d %s", r.status, r.body)
	}
	if r := b.do(httptest.NewRequest(http.MethodGet, rotatePath, nil)); r.status != 403 || errorOf(t, r).Code != "MissingAuthenticationToken" {
		t.Errorf("GET: %d %s", r.status, r.body)
	}
}

func TestRotateClientSecretNotEnrolled(t *testing.T) {
	b := setup(t)
	r := b.rotate(b.grantless(rotationScope, b.app.ClientSecret))
	const words = "Application is not enrolled for rotation notification. Please update application notification preference in Developer console."
	if e := errorOf(t, r); r.status != 400 || e.Code != "InvalidInput" || e.Message != words {
		t.Errorf("%d %s", r.status, r.body)
	}
	if len(b.sim.Notifications("")) != 0 || b.sim.Applications()[0].ClientSecret != b.app.ClientSecret {
		t.Error("the secret changed")
	}
}

// The usage plan is the application's: one call a minute.
func TestRotateClientSecretPlan(t *testing.T) {
	b := setup(t, func(cfg *spapisim.Config) { cfg.RateScale = 1 })
	enrolled(b)
	token := b.grantless(rotationScope, b.app.ClientSecret)
	for _, step := range []struct {
		wait   time.Duration
		status int
	}{{0, 204}, {0, 429}, {59 * time.Second, 429}, {time.Second, 204}, {0, 429}} {
		b.clock.Add(step.wait)
		r := b.rotate(token)
		if r.status != step.status {
			t.Fatalf("%+v: %d %s", step, r.status, r.body)
		}
		if rate := r.header.Get("X-Amzn-Ratelimit-Limit"); (rate == "0.0167") != (step.status == 204) {
			t.Errorf("%d with rate %q", r.status, rate)
		}
	}
	if list := b.sim.Buckets(""); len(list) != 1 || list[0].Operation != spapisim.RotateClientSecret || list[0].Rate.Burst != 1 {
		t.Errorf("%+v", list)
	}
	if err := b.sim.SetRate(spapisim.RotateClientSecret, b.seller.Key, spapisim.Rate{PerSecond: 1, Burst: 1}); err == nil {
		t.Error("a seller has a plan of its own")
	}
	b.switches(func(sw *spapisim.Switches) { sw.AppRate, sw.AppBurst = 1, 1 })
	b.switches(func(sw *spapisim.Switches) { sw.AppRate, sw.AppBurst = 0, 0 })
	if r := b.rotate(token); r.status != 429 {
		t.Errorf("the second plan was switched off, and with it the first: %d", r.status)
	}
}

// message is a notification as a client reads it.
type message struct {
	NotificationVersion, NotificationType, PayloadVersion string
	EventTime                                             time.Time
	Payload                                               map[string]map[string]string
	NotificationMetadata                                  map[string]string
}

func readMessage(t *testing.T, body []byte) message {
	t.Helper()
	var m message
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	for _, name := range []string{"applicationId", "subscriptionId", "publishTime", "notificationId"} {
		if m.NotificationMetadata[name] == "" {
			t.Errorf("no %s: %s", name, body)
		}
	}
	return m
}

// TestRotation goes from the notice to the end of the old secret.
func TestRotation(t *testing.T) {
	var queue [][]byte
	var b *bench
	b = setup(t, func(cfg *spapisim.Config) {
		cfg.Notify = func(body []byte) { queue = append(queue, body); b.sim.Now() } // it may ask
	})
	enrolled(b)
	d := door{t, b.sim.Admin()}
	var notice json.RawMessage
	d.ok("POST", "/applications/secret/notice", object{"clientId": b.app.ClientID}, &notice)
	m := readMessage(t, notice)
	if p := m.Payload["applicationOAuthClientSecretExpiry"]; m.NotificationType != spapisim.SecretExpiry || p["clientId"] != b.app.ClientID ||
		p["clientSecretExpiryTime"] != "2027-05-22T10:00:00.000Z" || p["clientSecretExpiryReason"] != "PERIODIC_ROTATION" {
		t.Errorf("%s", notice)
	}

	b.clock.Add(100 * day)
	old := b.app.ClientSecret
	if r := b.rotate(b.grantless(rotationScope, old)); r.status != 204 || len(r.body) != 0 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	var kept []spapisim.Notification
	d.ok("GET", "/notifications?clientId="+b.app.ClientID, "", &kept)
	if len(queue) != 2 || len(kept) != 2 || !bytes.Equal(kept[0].Body, queue[0]) || !bytes.Equal(kept[1].Body, queue[1]) || kept[1].Type != spapisim.NewSecret {
		t.Fatalf("%s\n%+v", queue, kept)
	}
	m = readMessage(t, queue[1])
	p := m.Payload["applicationOAuthClientNewSecret"]
	fresh := p["newClientSecret"]
	if m.NotificationType != spapisim.NewSecret || m.NotificationMetadata["applicationId"] != b.app.ApplicationID || p["clientId"] != b.app.ClientID || fresh == old || fresh == "" ||
		p["newClientSecretExpiryTime"] != "2027-08-30T10:00:00.000Z" || p["oldClientSecretExpiryTime"] != "2027-03-10T10:00:00.000Z" {
		t.Errorf("%s", queue[1])
	}

	login := func(secret string) int {
		return b.token("grant_type", "refresh_token", "refresh_token", b.refresh, "client_id", b.app.ClientID, "client_secret", secret).status
	}
	b.clock.Add(7*day - time.Second)
	if login(old) != 200 || login(fresh) != 200 {
		t.Error("for seven days both secrets work, and refresh tokens survive")
	}
	b.clock.Add(time.Second)
	if login(old) != 401 || login(fresh) != 200 {
		t.Error("after seven days only the new one works")
	}
}

// After 180 days without a rotation the API refuses every call, or Login does.
func TestSecretLives180Days(t *testing.T) {
	b := setup(t)
	enrolled(b)
	b.clock.Add(180*day - time.Second)
	b.access = b.login(b.refresh)
	wantAnswer(t, b.get(searchPath, "createdAfter", at(start)), 200, searchPath)
	b.clock.Add(time.Second)
	r := b.get(searchPath, "createdAfter", at(start))
	if e := errorOf(t, r); r.status != 403 || e.Code != "Unauthorized" || *e.Details != "The LWA secret token you provided has expired." {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := b.rotate(b.grantless(rotationScope, b.app.ClientSecret)); r.status != 403 {
		t.Errorf("the rotation is a call like all others: %d", r.status)
	}
	b.must(b.sim.ExpireSecret(b.app.ClientID, false))
	if r := b.get(searchPath, "createdAfter", at(start)); r.status != 403 {
		t.Errorf("the secret is as old as before: %d", r.status)
	}
	b.switches(func(sw *spapisim.Switches) { sw.ExpiredSecretRefused = true })
	r = b.token("grant_type", "refresh_token", "refresh_token", b.refresh, "client_id", b.app.ClientID, "client_secret", b.app.ClientSecret)
	if r.status != 401 || lwa(t, r).Error != "invalid_client" {
		t.Errorf("%d %s", r.status, r.body)
	}
	var err error
	b.app.ClientSecret, err = b.sim.RotateSecret(b.app.ClientID) // in the console
	b.must(err)
	b.access = b.login(b.refresh)
	wantAnswer(t, b.get(searchPath, "createdAfter", at(start)), 200, searchPath)
}

// A rotation that fails changes nothing; one whose answer is lost has happened.
func TestRotationFaults(t *testing.T) {
	for _, c := range []struct {
		kind    spapisim.FaultKind
		status  int
		rotated bool
	}{
		{spapisim.FaultInternal, 500, false},
		{spapisim.FaultForbidden, 403, false},
		{spapisim.FaultThrottle, 429, false},
		{spapisim.FaultTruncated, 204, true},
		{spapisim.FaultDrip, 204, true},
	} {
		b := setup(t)
		enrolled(b)
		b.fault(spapisim.Fault{Kind: c.kind, Operation: spapisim.RotateClientSecret})
		r := b.rotate(b.grantless(rotationScope, b.app.ClientSecret))
		if rotated := b.sim.Applications()[0].ClientSecret != b.app.ClientSecret; r.status != c.status || rotated != c.rotated || len(b.sim.Notifications("")) > 0 != c.rotated {
			t.Errorf("%s: %d, rotated %v", c.kind, r.status, rotated)
		}
	}
}
