//go:build race

package engine_test

// raceEnabled makes stories shorter: under the race detector SQLite takes some
// twenty times as long. Races show in one row of a table as well as in thirty.
const raceEnabled = true
