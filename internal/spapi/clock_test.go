package spapi

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"ordersync"
)

func TestAmazonClock(t *testing.T) {
	t.Parallel()
	at := mustTime(t, "2026-11-23T10:00:00Z")
	var clock amazonClock
	// see takes in an answer of a clock that is ahead, to a request of 100 ms.
	see := func(ahead time.Duration) {
		at = at.Add(777 * time.Millisecond)
		clock.saw("h", at.Add(50*time.Millisecond+ahead).Truncate(time.Second), at, at.Add(100*time.Millisecond))
	}
	want := func(least, most time.Duration) {
		t.Helper()
		if got := clock.ahead("h"); got < least || got > most {
			t.Errorf("ahead by %s, want %s to %s", got, least, most)
		}
	}
	want(0, 0)
	for range 20 {
		see(0)
		want(0, 0)
		see(400 * time.Millisecond)
		want(0, 0)
	}
	for range 50 {
		see(10 * time.Second)
	}
	want(9850*time.Millisecond, 10150*time.Millisecond)
	see(time.Hour) // one odd header
	want(9850*time.Millisecond, 10150*time.Millisecond)
	see(10 * time.Second)
	see(time.Hour)
	want(9850*time.Millisecond, 10150*time.Millisecond)
	see(time.Hour) // a second one
	want(time.Hour-time.Second, time.Hour+time.Second)
	for range 50 {
		see(-90 * time.Second)
	}
	want(-90150*time.Millisecond, -89850*time.Millisecond)
	for range 50 {
		see(0)
	}
	want(0, 0)
	if clock.ahead("other") != 0 {
		t.Error("hosts share a clock")
	}
}

func TestSlowAnswersSayLittle(t *testing.T) {
	t.Parallel()
	at := mustTime(t, "2026-11-23T10:00:00Z")
	var clock amazonClock
	clock.saw("h", at.Add(10*time.Second), at, at.Add(20*time.Second))
	clock.saw("h", at, at, at.Add(20*time.Second))
	clock.saw("h", time.Time{}, at, at)
	clock.saw("h", at.Add(time.Hour), at, at.Add(-time.Second)) // our clock was set back meanwhile
	if got := clock.ahead("h"); got != 0 {
		t.Errorf("ahead by %s", got)
	}
}

func TestAmazonNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fake := &amazon{api: func(*http.Request) *http.Response {
			return respond(503, "", "Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
		}}
		client := newTestClient(t, fake)
		if got := client.AmazonNow(ordersync.RegionEU); !got.Equal(time.Now()) {
			t.Errorf("AmazonNow %s before any answer, now %s", got, time.Now())
		}
		_, _ = search(t, client, seller("r"))
		if got := time.Until(client.AmazonNow(ordersync.RegionEU)); got < 59*time.Minute || got > 61*time.Minute {
			t.Errorf("ahead by %s", got)
		}
		if got := client.AmazonNow(ordersync.RegionNA); !got.Equal(time.Now()) {
			t.Error("regions share a clock")
		}
		same := newTestClient(t, fake, func(c *Config) { c.APIURL = "http://127.0.0.1:1" })
		_, _ = search(t, same, seller("r"))
		if got := time.Until(same.AmazonNow(ordersync.RegionNA)); got < 59*time.Minute {
			t.Error("one host has two clocks")
		}
	})
}
