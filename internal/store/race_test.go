//go:build race

package store_test

// raceDetector tells that everything is some ten times as slow as it will be.
const raceDetector = true
