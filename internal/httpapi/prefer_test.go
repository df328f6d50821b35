package httpapi

import (
	"strings"
	"testing"
	"time"
)

// What a client says about waiting, and what of it is followed.
func TestPrefer(t *testing.T) {
	for _, c := range []struct {
		headers []string
		wait    time.Duration
		applied string
	}{
		{nil, 50 * time.Second, ""},
		{[]string{""}, 50 * time.Second, ""},
		{[]string{"wait=10"}, 10 * time.Second, "wait=10"},
		{[]string{"Wait = 10 ; because=\"a,b;c\""}, 10 * time.Second, "wait=10"},
		{[]string{`wait="10"`}, 10 * time.Second, "wait=10"},
		{[]string{"wait=0"}, 0, "wait=0"},
		{[]string{"wait=601"}, 10 * time.Minute, "wait=600"},
		{[]string{"wait=" + strings.Repeat("9", 100)}, 10 * time.Minute, "wait=600"},
		{[]string{"wait=1, wait=2"}, time.Second, "wait=1"},
		{[]string{"wait=x, wait=2"}, 2 * time.Second, "wait=2"},
		{[]string{"wait=-1"}, 50 * time.Second, ""},
		{[]string{"wait=1.5"}, 50 * time.Second, ""},
		{[]string{"wait"}, 50 * time.Second, ""},
		{[]string{"respond-async"}, 0, "respond-async"},
		{[]string{"respond-async, wait=5"}, 5 * time.Second, "respond-async, wait=5"},
		{[]string{"wait=5", "Respond-Async"}, 5 * time.Second, "respond-async, wait=5"},
		{[]string{`handling=lenient, x="respond-async, wait=3", return=minimal`}, 50 * time.Second, ""},
		{[]string{`x="unfinished, wait=3`}, 50 * time.Second, ""},
	} {
		p := parsePrefer(c.headers)
		if p.wait != c.wait || p.applied() != c.applied {
			t.Errorf("%q: wait %s, applied %q; want %s, %q", c.headers, p.wait, p.applied(), c.wait, c.applied)
		}
	}
}

// Whatever a client says, the wait is within its limits, and what was followed,
// said again, means the same.
func FuzzPrefer(f *testing.F) {
	for _, seed := range []string{"", "wait=10", "respond-async, wait=5", `a="b\"c,d"; e, wait=1`, "wait=99999999999999999999", ",;=\"", "WAIT = \"7\""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		p := parsePrefer([]string{header})
		if p.wait < 0 || p.wait > maxWait {
			t.Errorf("%q: wait %s", header, p.wait)
		}
		again := parsePrefer([]string{p.applied()})
		if again != p {
			t.Errorf("%q: %+v, said again %+v", header, p, again)
		}
	})
}
