package main

import (
	"encoding/json"
	"io"
	"maps"
	"slices"

	"ordersync"
)

// printJSON prints a value as indented JSON, characters as they are.
func printJSON(out io.Writer, v any) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return printed(e.Encode(v))
}

// printLines prints values as JSON lines, characters as they are.
func printLines[T any](out io.Writer, values []T) error {
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	for _, v := range values {
		if err := e.Encode(v); err != nil {
			return printed(err)
		}
	}
	return nil
}

// printed says of an error that it came of printing.
func printed(err error) error {
	if err != nil {
		return printError{err}
	}
	return nil
}

// cell is a text from outside as a table can hold it: what would break a line,
// move the cursor or turn the writing round is escaped, and it is cut at 64
// characters. Nothing is "-".
func cell(s string) string {
	if s == "" {
		return "-"
	}
	quoted := ordersync.ShowBytes([]byte(s))
	return quoted[1 : len(quoted)-1]
}

// sortedKeys are the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
