package ordersync_test

import (
	"testing"

	"ordersync"
)

func TestConsentProblems(t *testing.T) {
	seen := map[ordersync.ConsentProblem]bool{}
	for _, info := range ordersync.ConsentProblems {
		if seen[info.Code] || info.Code == "" {
			t.Errorf("%q stands twice, or is empty", info.Code)
		}
		seen[info.Code] = true
		for _, text := range []string{info.English, info.French, info.Remedy, info.RemedyFR} {
			if len(text) < 5 || text[len(text)-1] != '.' {
				t.Errorf("%s: %q is no sentence", info.Code, text)
			}
		}
		if info.Code.Info() != info {
			t.Errorf("%s: %+v", info.Code, info.Code.Info())
		}
	}
	if got := ordersync.ConsentProblem("new").Info().Code; got != ordersync.ConsentUnknown {
		t.Errorf("one that is not in the table is %s", got)
	}
}
