package web

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"ordersync/internal/engine"
)

// doctor keeps what was last found of what the work needs. Looking takes seconds, so
// it is done when somebody asks, or while somebody watches; a page shows what is known.
type doctor struct {
	look func(context.Context) []engine.Finding
	now  func() time.Time

	looking sync.Mutex // held while somebody looks

	mu       sync.Mutex
	findings []engine.Finding
	at       time.Time // zero: nobody has looked yet
}

const (
	// doctorTime is how long looking may take; doctorAgain from when on what was found
	// is old.
	doctorTime  = 15 * time.Second
	doctorAgain = 10 * time.Minute
)

// check looks, unless somebody does already.
func (d *doctor) check(ctx context.Context) {
	if !d.looking.TryLock() {
		return
	}
	defer d.looking.Unlock()
	// Who asked may go away; what was begun is of use to the next.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), doctorTime)
	defer cancel()
	found := d.look(ctx)
	slices.SortStableFunc(found, func(a, b engine.Finding) int { return healthRank[a.Health] - healthRank[b.Health] })
	d.mu.Lock()
	defer d.mu.Unlock()
	d.findings, d.at = found, d.now()
}

// healthRank puts first what somebody must see to.
var healthRank = map[engine.Health]int{engine.Broken: 1, engine.Doubtful: 2, engine.Unchecked: 3, engine.Healthy: 4}

// last is what was found, and when; zero: nobody has looked yet.
func (d *doctor) last() ([]engine.Finding, time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.findings, d.at
}

// old tells whether it should be looked again.
func (d *doctor) old() bool {
	_, at := d.last()
	return at.IsZero() || d.now().Sub(at) >= doctorAgain
}

// findingRow is one thing that was looked at.
type findingRow struct {
	Check, Status, Word, Detail string
	Remedy                      []piece
}

// piece is a part of a sentence: words, or what can be typed.
type piece struct {
	Text string
	Code bool
}

// pieces takes a sentence apart at its backquotes.
func pieces(text string) (out []piece) {
	for i, part := range strings.Split(text, "`") {
		if part != "" {
			out = append(out, piece{part, i%2 == 1})
		}
	}
	return out
}

var healthWords = map[engine.Health]struct{ status, word string }{
	engine.Healthy: {"success", "Well"}, engine.Doubtful: {"partial", "Look at it"}, engine.Broken: {"failed", "Broken"}, engine.Unchecked: {"skipped", "Not checked"},
}

func (v *visit) findingRow(f engine.Finding) findingRow {
	h := healthWords[f.Health]
	return findingRow{Check: v.Found(f.Check), Status: h.status, Word: v.T(h.word), Detail: v.Found(f.Detail), Remedy: pieces(v.Found(f.Remedy))}
}

// Found is a sentence of another room, such as the doctor's, in the visitor's language.
func (v *visit) Found(english string) string {
	text := english
	if v.words.french && v.inFrench != nil {
		text = v.inFrench(english)
	}
	first, size := utf8.DecodeRuneInString(text)
	if size == 0 {
		return ""
	}
	return string(unicode.ToUpper(first)) + text[size:]
}
