package main

import (
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// column is a column of a table.
type column struct {
	head  string // in English
	right bool   // of numbers
	// least is how far cells may be cut where a terminal is too narrow, in
	// characters; 0: never.
	least int
	// spare columns are left out of a terminal that is too narrow even so, the
	// highest first; 0: never.
	spare int
	wraps bool // what does not fit goes on in the next line; of the last column only
}

// table is printed in columns as wide as what they hold, or as the terminal
// permits. What is piped is never cut.
type table struct {
	screen  screen
	columns []column
	rows    [][]piece
}

// between two columns.
const gutter = "  "

func (s screen) table(columns ...column) *table { return &table{screen: s, columns: columns} }

// row adds a row: of pieces, and of whatever is printed as it is.
func (t *table) row(cells ...any) {
	var out []piece
	for _, c := range cells {
		p, ok := c.(piece)
		if !ok {
			p = piece{text: fmt.Sprint(c)}
		}
		out = append(out, p)
	}
	t.rows = append(t.rows, out)
}

// print prints the table, under its heads unless no column has one.
func (t *table) print() error {
	var heads []piece
	headed := false
	for _, c := range t.columns {
		headed = headed || c.head != ""
		heads = append(heads, piece{t.screen.tr(c.head), headline})
	}
	rows := t.rows
	if headed {
		rows = append([][]piece{heads}, rows...)
	}
	shown, widths := t.fit(rows)
	var out strings.Builder
	for _, row := range rows {
		t.write(&out, row, shown, widths)
	}
	if left := t.left(shown); left != "" {
		out.WriteString(t.screen.paint(quietly, t.screen.say("left out, as the terminal is narrow: %s; --json has all", left)) + "\n")
	}
	_, err := t.screen.Write([]byte(out.String()))
	return printed(err)
}

// fit says which columns are shown, and how wide.
func (t *table) fit(rows [][]piece) (shown []bool, widths []int) {
	shown, widths = make([]bool, len(t.columns)), make([]int, len(t.columns))
	for i := range t.columns {
		shown[i] = true
		for _, row := range rows {
			if i < len(row) {
				widths[i] = max(widths[i], textWidth(row[i].text))
			}
		}
	}
	if t.screen.width == 0 {
		return shown, widths
	}
	narrowest := func(i int) int {
		if least := t.columns[i].least; least > 0 {
			return min(widths[i], least)
		}
		return widths[i]
	}
	for !t.fits(shown, narrowest) {
		last := -1
		for i, c := range t.columns {
			if shown[i] && c.spare > 0 && (last < 0 || c.spare > t.columns[last].spare) {
				last = i
			}
		}
		if last < 0 {
			break
		}
		shown[last] = false
	}
	limit := t.screen.width
	at := func(i int) int { return max(narrowest(i), min(widths[i], limit)) }
	for limit > 1 && !t.fits(shown, at) {
		limit--
	}
	for i := range widths {
		widths[i] = at(i)
	}
	return shown, widths
}

// fits tells whether the columns fit the terminal when each is so wide.
func (t *table) fits(shown []bool, wide func(i int) int) bool {
	sum := -len(gutter)
	for i := range t.columns {
		if shown[i] {
			sum += wide(i) + len(gutter)
		}
	}
	return sum <= t.screen.width
}

// left names the columns that are not shown.
func (t *table) left(shown []bool) string {
	var names []string
	for i, c := range t.columns {
		if !shown[i] {
			names = append(names, t.screen.tr(c.head))
		}
	}
	return strings.Join(names, ", ")
}

// write writes a row, in as many lines as its last cell takes.
func (t *table) write(out *strings.Builder, row []piece, shown []bool, widths []int) {
	var line strings.Builder
	gap := 0
	for i, cell := range row {
		if !shown[i] {
			continue
		}
		line.WriteString(strings.Repeat(" ", gap))
		lines := []string{cell.text}
		if t.columns[i].wraps && t.screen.width > 0 {
			lines = wrapped(cell.text, widths[i])
		}
		text := cut(lines[0], widths[i])
		gap = widths[i] - textWidth(text)
		if t.columns[i].right {
			line.WriteString(strings.Repeat(" ", gap))
			gap = 0
		}
		line.WriteString(t.screen.paint(cell.tone, text))
		gap += len(gutter)
		for _, more := range lines[1:] {
			line.WriteString("\n" + strings.Repeat(" ", t.before(i, shown, widths)) + t.screen.paint(cell.tone, more))
		}
	}
	out.WriteString(line.String() + "\n")
}

// before is how much stands before a column.
func (t *table) before(column int, shown []bool, widths []int) (n int) {
	for i := range column {
		if shown[i] {
			n += widths[i] + len(gutter)
		}
	}
	return n
}

// cut is a text of at most so many columns; what is missing of it is "…".
func cut(text string, most int) string {
	if textWidth(text) <= most {
		return text
	}
	wide := 1 // of the …
	for at, r := range text {
		if wide += runeWidth(r); wide > most {
			return text[:at] + "…"
		}
	}
	return text
}

// wrapped is a text in lines of at most so many columns, broken between words;
// a longer word has a line of its own.
func wrapped(text string, most int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && textWidth(line)+1+textWidth(word) > most {
			lines = append(lines, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// textWidth is how many columns of a terminal a text takes.
func textWidth(s string) (n int) {
	for _, r := range s {
		n += runeWidth(r)
	}
	return n
}

func runeWidth(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}
