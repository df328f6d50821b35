//go:build race

package simulation

// The race detector makes SQLite some twenty times as slow.
const (
	raceEnabled = true
	fewOrMany   = 10
)
