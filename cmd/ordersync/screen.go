package main

import (
	"io"
	"os"

	"golang.org/x/term"
)

// screen is standard output as people read it.
type screen struct {
	io.Writer
	color bool
	width int // columns of the terminal; 0: it is none, and lines are as long as need be
	language
}

// newScreen is the screen that out is, by the settings and what the environment
// says of terminals.
func newScreen(o outside, s settings) screen {
	out := screen{Writer: o.out, color: colored(s.Color, o, isTerminal(o.out)), language: languageOf(s.Lang, o.variable)}
	out.width = terminalWidth(o.out)
	return out
}

// terminalWidth is how many columns a terminal has; 0: it is none, or does not say.
func terminalWidth(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok || !isTerminal(f) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

// colored tells whether to colour. The setting comes first, as https://no-color.org
// asks; then NO_COLOR, CLICOLOR_FORCE and CLICOLOR of
// https://bixense.com/clicolors; else a terminal has colours, unless it is dumb.
func colored(setting string, o outside, terminal bool) bool {
	force := o.variable("CLICOLOR_FORCE")
	switch {
	case setting == "always":
		return true
	case setting == "never", o.variable("NO_COLOR") != "":
		return false
	case force != "" && force != "0":
		return true
	}
	return terminal && o.variable("TERM") != "dumb" && o.variable("CLICOLOR") != "0"
}

// isTerminal tells whether somebody reads what is written as it comes.
func isTerminal(w io.Writer) bool {
	if d, ok := w.(*discreet); ok {
		w = d.out
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// tone is what a word means for its reader. It never stands alone: the word says
// the same.
type tone string

// The tones, as the sixteen colours that every terminal's theme has.
const (
	plainly  tone = ""
	calm     tone = "32"   // in order
	between  tone = "33"   // neither done nor failed
	strong   tone = "1;31" // failed, or somebody must act
	quietly  tone = "2"    // switched off, or beside the point
	headline tone = "1"
)

// tones are those of words, whatever the language they are shown in.
var tones = map[string]tone{
	"success": calm, "partial": between, "skipped": between, "failed": strong, // statuses
	"ok": calm, "warning": between, // of the doctor, beside skipped and failed
	"CONNECTED": calm, "PENDING": between, "ERROR": strong, "DISABLED": quietly,
}

// paint colours a text where there are colours.
func (s screen) paint(t tone, text string) string {
	if !s.color || t == plainly || text == "" {
		return text
	}
	return "\x1b[" + string(t) + "m" + text + "\x1b[0m"
}

// piece is a text with its tone.
type piece struct {
	text string
	tone tone
}

// word is one of the words that have a tone, in the reader's language.
func (s screen) word(english string) piece { return piece{s.tr(english), tones[english]} }
