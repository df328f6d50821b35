package simulation

import (
	"flag"
	"fmt"
	"os"
	"testing"
)

var hunt = flag.Int("hunt", 0, "tell seeds from 1 on, one after the other, until one finds something, at most so many")

// TestHunt is run by the hunt for mutants, in a program that holds one. It says
// before each seed which it is, since a mutant may end the program.
func TestHunt(t *testing.T) {
	for seed := range uint64(*hunt) {
		fmt.Fprintf(os.Stderr, "seed %d\n", seed+1)
		r := run(t, seed+1, false)
		if len(r.violations) > 0 {
			fmt.Fprintf(os.Stderr, "found: %s\n", r.violations[0])
			t.FailNow()
		}
	}
}
