package main

import (
	"fmt"
	"slices"
	"strings"

	"ordersync/internal/store/storetest"
)

// tables lists the tables of the program's database.
func (p *program) tables() (names []string) {
	p.t.Helper()
	query := `SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`
	if p.kind == storetest.Postgres {
		query = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name`
	}
	for _, row := range p.query(query) {
		names = append(names, row[0])
	}
	return names
}

// direct opens the database beside the program. What it returns asks it; values
// come as texts.
func (p *program) direct() func(query string, args ...any) [][]string {
	p.t.Helper()
	db := storetest.SQL(p.t, p.database)
	return func(query string, args ...any) (out [][]string) {
		p.t.Helper()
		rows, err := db.Query(query, args...)
		p.must(err)
		defer func() { p.must(rows.Close()) }()
		columns, err := rows.Columns()
		p.must(err)
		for rows.Next() {
			values, row := make([]any, len(columns)), make([]string, len(columns))
			for i := range values {
				values[i] = new(any)
			}
			p.must(rows.Scan(values...))
			for i, v := range values {
				row[i] = asText(*v.(*any))
			}
			out = append(out, row)
		}
		p.must(rows.Err())
		return out
	}
}

// askAnew asks the database over a new connection from now on: its server was
// started anew. The old one has noticed by the end of the test.
func (p *program) askAnew() {
	p.t.Helper()
	before := p.query
	p.query = p.direct()
	p.t.Cleanup(func() { p.query = before })
}

func asText(v any) string {
	if b, ok := v.([]byte); ok {
		return string(b)
	}
	return fmt.Sprint(v)
}

// content is everything that the database holds.
func (p *program) content() string {
	p.t.Helper()
	var lines []string
	for _, table := range p.tables() {
		for _, row := range p.query(`SELECT * FROM ` + table) {
			lines = append(lines, table+": "+strings.Join(row, " | "))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// unchanged wants that act leaves the database as it was.
func (p *program) unchanged(act func()) {
	p.t.Helper()
	before := p.content()
	act()
	if after := p.content(); after != before {
		p.t.Errorf("the database changed.\nbefore:\n%q\nafter:\n%q", before, after)
	}
}
