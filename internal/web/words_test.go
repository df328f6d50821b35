package web

import (
	"testing"
	"time"
)

func TestNumbersAndTimes(t *testing.T) {
	en, fr := wordsOf("en"), wordsOf("fr")
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct{ got, want string }{
		{en.number(0), "0"}, {en.number(1204), "1,204"}, {en.number(-1234567), "−1,234,567"}, {en.number(999), "999"},
		{fr.number(1204), "1\u202f204"}, {fr.number(1234567), "1\u202f234\u202f567"},
		{en.decimal(0.5, 2), "0.5"}, {en.decimal(1234.567, 2), "1,234.57"}, {en.decimal(3, 2), "3"}, {fr.decimal(0.5, 2), "0,5"}, {en.decimal(-0.25, 2), "−0.25"},
		{en.span(-time.Second), "0\u00a0s"}, {en.span(59 * time.Second), "59\u00a0s"}, {en.span(52 * time.Minute), "52\u00a0min"},
		{en.span(47 * time.Hour), "47\u00a0h"}, {en.span(48 * time.Hour), "2\u00a0days"}, {fr.span(50 * time.Hour), "2\u00a0j"},
		{en.clock(now.Add(-time.Hour), now), "11:00:00"}, {en.clock(now.Add(-24*time.Hour), now), "27\u00a0Nov 12:00"}, {en.clock(now.AddDate(0, 0, -7), now), "21\u00a0Nov"},
		{fr.clock(now.AddDate(0, -3, 0), now), "28\u00a0août"}, {en.clock(now.AddDate(-1, 0, 0), now), "28\u00a0Nov\u00a02025"},
		{en.count(1, "%s thing", "%s things"), "1 thing"}, {en.count(0, "%s thing", "%s things"), "0 things"}, {en.count(2000, "%s thing", "%s things"), "2,000 things"},
		{fr.count(0, "%s connection", "%s connections"), "0 connexion"}, {fr.count(2, "%s connection", "%s connections"), "2 connexions"},
		{en.say("%s of %s", 3, int64(1000)), "3 of 1,000"}, {fr.say("in %s", "3 h"), "dans 3 h"}, {fr.say("not in any table"), "not in any table"},
	} {
		if c.got != c.want {
			t.Errorf("%q, and not %q", c.got, c.want)
		}
	}
}
