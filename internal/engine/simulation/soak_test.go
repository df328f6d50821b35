package simulation

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var (
	soak       = flag.Int("soak", 0, "how many more seeds")
	soakFile   = flag.String("soak-file", "soak.txt", "where soaks are noted, and from where on they go on")
	soakCommit = flag.String("soak-commit", "", "which commit is soaked")
)

// soakChunk is how many seeds a line of the file stands for.
const soakChunk = 100

// TestSoak tells any number of seeds, from 1 on, and notes each hundred of them in
// a file: the commit, the seeds, what they came to. It goes on where the file ends
// for the commit.
func TestSoak(t *testing.T) {
	if *soak == 0 {
		return // it is asked for by make soak
	}
	if *soakCommit == "" {
		t.Fatal("-soak-commit is missing: make soak gives it")
	}
	next, err := soakedUpTo(*soakFile, *soakCommit)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.OpenFile(*soakFile, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for end := next + uint64(*soak); next < end; next += soakChunk {
		last := min(next+soakChunk, end) - 1
		sum := newTotal()
		t.Run(fmt.Sprintf("%d-%d", next, last), func(t *testing.T) {
			for seed := next; seed <= last; seed++ {
				sum.tell(t, seed)
			}
		})
		if _, err := fmt.Fprintf(file, "%s %d %d %s: %s, failed: %v\n", *soakCommit, next, last, time.Now().UTC().Format(time.RFC3339), sum, sum.failed); err != nil {
			t.Fatal(err)
		}
	}
}

// soakedUpTo is the first seed that a commit was not soaked with.
func soakedUpTo(name, commit string) (next uint64, err error) {
	next = 1
	file, err := os.Open(name)
	if os.IsNotExist(err) {
		return next, nil
	}
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var of string
		var first, last uint64
		if _, err := fmt.Fscan(strings.NewReader(lines.Text()), &of, &first, &last); err == nil && of == commit {
			next = max(next, last+1)
		}
	}
	return next, nil
}
