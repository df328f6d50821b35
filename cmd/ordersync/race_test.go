//go:build race

package main

// raceEnabled makes fleets smaller: under the race detector SQLite takes some
// twenty times as long. `make test` runs them whole without it.
const raceEnabled = true
