package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"ordersync"
	"ordersync/internal/store"

	"github.com/alecthomas/kong"
)

// usageError is an error of the caller's: exit code 2.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

// exitError ends a command with a code and nothing more to say.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// printError is of standard output, which a pipe's end or a full disk is behind.
type printError struct{ err error }

func (e printError) Error() string { return "print: " + e.err.Error() }
func (e printError) Unwrap() error { return e.err }

// parseError says what is wrong with a command line, and what to type next.
func parseError(err error) error {
	if name := reservedName(err); name != "" {
		return usageError{fmt.Errorf("%s is not part of this version yet; `%s --help` lists what is", name, programName)}
	}
	text := longValue.ReplaceAllString(err.Error(), "${1}(a long value)")
	text = strings.Replace(text, `one of "",`, "one of ", 1) // nothing may be given, but nobody would
	if strings.Contains(text, "missing unit in duration") {
		text += ": write it with one, such as 90s, 5m or 24h"
	}
	at := stoppedAt(err)
	if found := misspelt.FindStringSubmatch(text); found != nil {
		return usageError{fmt.Errorf("%s\nTry: %s %s", text, at, found[1])}
	}
	return usageError{fmt.Errorf("%s\nTry: %s --help", text, at)}
}

// misspelt is what the command line's parser says of a command that is like
// another: it has no type for it.
var misspelt = regexp.MustCompile(`^unexpected argument .*, did you mean "([a-z-]+)"\?$`)

// stoppedAt is the command at which parsing stopped.
func stoppedAt(err error) string {
	var stopped *kong.ParseError
	if errors.As(err, &stopped) && stopped.Context != nil {
		if n := stopped.Context.Selected(); n != nil {
			return n.FullPath()
		}
		path := []string{programName}
		for _, step := range stopped.Context.Path {
			if step.Command != nil {
				path = append(path, step.Command.Name)
			}
		}
		return strings.Join(path, " ")
	}
	return programName
}

// longValue is a value in the words of the command line's parser that is long
// enough to be a secret in the wrong place.
var longValue = regexp.MustCompile(`(got "|argument |duration "|=")[^"\s]{20,}`)

// report says what went wrong, if anything, and tells the exit code.
func report(ctx context.Context, talk io.Writer, err error) int {
	var code exitError
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	case ctx.Err() != nil && (errors.Is(err, context.Cause(ctx)) || errors.Is(err, ctx.Err())):
		_, _ = fmt.Fprintf(talk, "%s: interrupted; what is stored stays, and the next run goes on from there\n", programName)
		return exitAborted
	}
	_, _ = fmt.Fprintf(talk, "%s: %v\n", programName, err)
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitNotDone
}

// advised adds to an error of a command what to type next, where its own words do
// not say it: what could not be done, the doctor looks into.
func advised(command string, err error) error {
	var usage usageError
	var code exitError
	var unprinted printError
	switch {
	case err == nil, errors.As(err, &usage), errors.As(err, &code), errors.As(err, &unprinted):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, store.ErrSchemaOld), errors.Is(err, store.ErrSchemaNew), errors.Is(err, errUnreachable):
		return err // it says so itself
	case command == "doctor", command == "demo":
		return err
	}
	return fmt.Errorf("%w\nTry: `%s doctor`, which looks at all that the work needs", err, programName)
}

// listenError says what to do where an address cannot be listened on.
func listenError(name, flag string, err error) error {
	remedy := ""
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		remedy = "another program listens there, perhaps another ordersync: end it, or give another port with"
	case errors.Is(err, syscall.EACCES):
		remedy = "this user may not listen there, as on ports below 1024: give a higher one with"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		remedy = "this machine has no such address: give one of its own with"
	default:
		return usageError{fmt.Errorf("%s: %w", name, err)}
	}
	return usageError{fmt.Errorf("%s: %w: %s %s", name, err, remedy, flag)}
}

// mostApart is how many letters may differ between what was typed and what was
// meant.
const mostApart = 2

// meant is the tenant whose id is typed most like this one; "" none is.
func meant(typed ordersync.TenantID, known []store.NamedTenant) (out ordersync.TenantID) {
	least := mostApart + 1
	for _, t := range known {
		if n := apart(strings.ToLower(string(typed)), strings.ToLower(string(t.ID))); n < least {
			out, least = t.ID, n
		}
	}
	return out
}

// apart is how many letters must be put in, taken out or changed to make a text of
// another (Levenshtein's distance).
func apart(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost = 1 + slices.Min([]int{before, row[j], row[j+1]})
			}
			before, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
