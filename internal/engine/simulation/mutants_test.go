package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The proof can fail: each mutant is a defect that is built into a copy of the
// program, and some seed must find it. Production code knows nothing of them.

var (
	mutantsAll    = flag.Bool("mutants", false, "hunt all mutants, and not five of them")
	mutantsNamed  = flag.String("mutants-named", "", "with -mutants: only those whose name matches")
	mutantsUpdate = flag.Bool("mutants-update", false, "write the table in docs/proof.md anew")
)

const (
	// mostSeeds is within how many seeds a mutant must be found.
	mostSeeds = 200
	// hunters is how many mutants are hunted at once.
	hunters = 2
	// huntTime is how long a program with a mutant may take; one that does not end
	// was found.
	huntTime = 8 * time.Minute
)

// mutant is a defect: in each file, a text that stands there once, and another in
// its place.
type mutant struct {
	name    string
	promise string // that it breaks, by its number in docs/proof.md
	edits   []edit
}

type edit struct{ file, find, replace string }

// root is the module's folder.
const root = "../../.."

// apply is the mutated text of each file that the mutant changes.
func (m mutant) apply() (map[string]string, error) {
	out := map[string]string{}
	for _, e := range m.edits {
		if err := e.apply(out); err != nil {
			return nil, fmt.Errorf("mutant %q: %w", m.name, err)
		}
	}
	return out, nil
}

func (e edit) apply(to map[string]string) error {
	text, ok := to[e.file]
	if !ok {
		b, err := os.ReadFile(filepath.Join(root, e.file))
		if err != nil {
			return err
		}
		text = string(b)
	}
	if n := strings.Count(text, e.find); n != 1 {
		return fmt.Errorf("its text stands %d times in %s and must stand there once: %q", n, e.file, e.find)
	}
	to[e.file] = strings.Replace(text, e.find, e.replace, 1)
	return nil
}

// overlay writes files and tells the compiler to take them.
func overlay(dir string, files map[string]string) (flag string, err error) {
	replace := map[string]string{}
	n := 0
	for file, text := range files {
		original, err := filepath.Abs(filepath.Join(root, file))
		if err != nil {
			return "", err
		}
		n++
		copied := filepath.Join(dir, fmt.Sprintf("%d.go", n))
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[original] = copied
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return "-overlay=" + name, os.WriteFile(name, b, 0o600)
}

// Every mutant applies, and what it makes can be built: as many at once as do not
// meet in one place.
func TestMutantsApply(t *testing.T) {
	names := map[string]bool{}
	var batches []map[string]string
	for _, m := range mutants {
		if names[m.name] {
			t.Errorf("two mutants are named %q", m.name)
		}
		names[m.name] = true
		if _, err := m.apply(); err != nil {
			t.Error(err)
			continue
		}
		batches = addTo(batches, m)
	}
	if len(mutants) < 25 {
		t.Errorf("there are %d mutants", len(mutants))
	}
	for _, files := range batches {
		flag, err := overlay(t.TempDir(), files)
		if err != nil {
			t.Fatal(err)
		}
		build := exec.Command("go", "build", flag, "./internal/engine", "./internal/store", "./internal/spapi", "./internal/secret")
		build.Dir = root
		if out, err := build.CombinedOutput(); err != nil {
			t.Errorf("%v:\n%s", err, out)
		}
	}
}

// addTo adds a mutant to the first batch that it does not meet.
func addTo(batches []map[string]string, m mutant) []map[string]string {
	for i := range batches {
		both := map[string]string{}
		for file, text := range batches[i] {
			both[file] = text
		}
		met := false
		for _, e := range m.edits {
			met = met || e.apply(both) != nil
		}
		if !met {
			batches[i] = both
			return batches
		}
	}
	alone, _ := m.apply() // it was applied just before
	return append(batches, alone)
}

// found is how a mutant ended.
type found struct {
	mutant
	seeds int
	by    string
	lives bool
	err   error
}

// TestMutants hunts five mutants, drawn by the clock; all of them for make mutants.
func TestMutants(t *testing.T) {
	if raceEnabled {
		return // they are hunted without, where a seed takes a twentieth
	}
	chosen := slices.Clone(mutants)
	if !*mutantsAll {
		draw := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
		draw.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
		chosen = chosen[:5]
	}
	if *mutantsNamed != "" {
		named := regexp.MustCompile(*mutantsNamed)
		chosen = slices.DeleteFunc(chosen, func(m mutant) bool { return !named.MatchString(m.name) })
	}
	results := make([]found, len(chosen))
	places := make(chan struct{}, hunters)
	var hunting sync.WaitGroup
	for i, m := range chosen {
		dir := t.TempDir()
		hunting.Go(func() {
			places <- struct{}{}
			defer func() { <-places }()
			results[i] = huntFor(t.Context(), m, dir)
		})
	}
	hunting.Wait()
	for _, f := range results {
		switch {
		case f.err != nil:
			t.Errorf("mutant %q: %v", f.name, f.err)
		case f.lives:
			t.Errorf("mutant %q lives after %d seeds: the checker is too weak", f.name, f.seeds)
		default:
			t.Logf("mutant %q: found after %d seeds: %s", f.name, f.seeds, f.by)
		}
	}
	if *mutantsAll && *mutantsNamed == "" && *mutantsUpdate && !t.Failed() {
		writeTable(t, results)
	}
}

// huntFor builds the program with a mutant and tells seeds until one finds it.
func huntFor(ctx context.Context, m mutant, dir string) found {
	f := found{mutant: m}
	files, err := m.apply()
	if err != nil {
		f.err = err
		return f
	}
	flag, err := overlay(dir, files)
	if err != nil {
		f.err = err
		return f
	}
	program := filepath.Join(dir, "simulation.test")
	build := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", flag, "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		f.err = fmt.Errorf("%w:\n%s", err, out)
		return f
	}
	ctx, cancel := context.WithTimeout(ctx, huntTime)
	defer cancel()
	hunt := exec.CommandContext(ctx, program, "-test.run", "^TestHunt$", "-hunt", fmt.Sprint(mostSeeds))
	out, err := hunt.CombinedOutput()
	f.seeds = strings.Count(string(out), "\nseed ") + 1
	var ended *exec.ExitError
	switch by := foundLine.FindSubmatch(out); {
	case err == nil:
		f.lives = true
	case by != nil:
		f.by = string(by[1])
	case ctx.Err() != nil:
		f.by = "it does not end"
	case errors.As(err, &ended):
		f.by = "the program ends: " + firstWords(string(out))
	default:
		f.err = err
	}
	return f
}

var foundLine = regexp.MustCompile(`(?m)^found: (.*)$`)

// firstWords are the first words of a panic.
func firstWords(out string) string {
	for line := range strings.Lines(out) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") || strings.Contains(line, "_test.go:") {
			return strings.TrimSpace(line)
		}
	}
	return "without a word"
}

// The marks in docs/proof.md between which the table stands.
const (
	tableBegins = "<!-- mutants: written by make mutants -->\n"
	tableEnds   = "<!-- end of mutants -->\n"
)

// writeTable writes what became of all mutants.
func writeTable(t *testing.T, results []found) {
	name := filepath.Join(root, "docs/proof.md")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), tableBegins)
	_, after, ok2 := strings.Cut(rest, tableEnds)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the table", name)
	}
	var table strings.Builder
	table.WriteString("\n| mutant | promise | found after seeds |\n|---|---|---|\n")
	for _, f := range results {
		fmt.Fprintf(&table, "| %s | %s | %d |\n", f.name, f.promise, f.seeds)
	}
	table.WriteString("\n")
	if err := os.WriteFile(name, []byte(before+tableBegins+table.String()+tableEnds+after), 0o644); err != nil { //nolint:gosec // a document
		t.Fatal(err)
	}
}
