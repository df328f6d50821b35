package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// reserved are the commands that are planned and not here yet. Their names are
// refused with words, so that nobody takes them for misspelt. A command that
// arrives leaves this table.
var reserved = []string{"audit", "export", "import"}

// reservedName is the reserved command at which parsing stopped; "" when it was
// anything else.
func reservedName(err error) string {
	var stopped *kong.ParseError
	if !errors.As(err, &stopped) || stopped.Context == nil {
		return ""
	}
	word, unexpected := strings.CutPrefix(err.Error(), "unexpected argument ")
	if !unexpected {
		return ""
	}
	word, _, _ = strings.Cut(word, ",") // what follows is a guess at what was meant
	name := strings.TrimSpace(stopped.Context.Command() + " " + word)
	if !slices.Contains(reserved, name) {
		return ""
	}
	return name
}
