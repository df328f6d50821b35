package main

import (
	"fmt"
	"strings"
	"testing"

	"ordersync/internal/store/storetest"
)

// The schema that the migrations come to, for readers of SQL: whoever changes it
// sees here what becomes of it.
func TestGeneratedSQLiteSchema(t *testing.T) {
	p := newProgram(t, storetest.SQLite, storetest.New(t, storetest.SQLite))
	out := "-- Generated from the migrations by make generate; do not edit.\n" + schemaHead
	for _, row := range p.query(`SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'goose%' AND tbl_name NOT LIKE 'sqlite%'
		ORDER BY tbl_name, type DESC, name`) {
		out += "\n" + row[0] + ";\n"
	}
	wantFile(t, "../../docs/schema/sqlite.sql", out, *update)
}

// generatePostgres writes the other page anew: it takes a Postgres.
const generatePostgres = "scripts/with-postgres go test ./cmd/ordersync -run PostgresSchema -update"

func TestPostgresSchema(t *testing.T) {
	p := newProgram(t, storetest.Postgres, storetest.New(t, storetest.Postgres))
	out := "-- Generated from the migrations by " + generatePostgres + "; do not edit.\n" + schemaHead
	for _, table := range p.tables() {
		if !strings.HasPrefix(table, "goose") {
			out += p.postgresTable(table)
		}
	}
	wantFileOf(t, generatePostgres, "../../docs/schema/postgres.sql", out, *update)
}

const schemaHead = "-- Times are Unix milliseconds, UTC; amounts are texts exactly as Amazon wrote them.\n"

// postgresTable is a table in words that are the same in every version of
// Postgres.
func (p *program) postgresTable(table string) string {
	p.t.Helper()
	var lines []string
	for _, c := range p.query(`SELECT a.attname, format_type(a.atttypid, a.atttypmod) ||
			COALESCE((SELECT ' COLLATE "' || l.collname || '"' FROM pg_collation l WHERE l.oid = a.attcollation AND l.collname <> 'default'), ''), a.attnotnull, COALESCE(pg_get_expr(d.adbin, d.adrelid), ''),
			a.attidentity::text
		FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
		WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, table) {
		line := "    " + c[0] + " " + c[1]
		if c[2] == "true" {
			line += " NOT NULL"
		}
		if c[3] != "" {
			line += " DEFAULT " + c[3]
		}
		if c[4] != "" {
			line += " GENERATED AS IDENTITY"
		}
		lines = append(lines, line)
	}
	for _, c := range p.query(`SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('p', 'u', 'c', 'f')
		ORDER BY contype DESC, conname`, table) {
		lines = append(lines, "    "+c[0])
	}
	out := fmt.Sprintf("\nCREATE TABLE %s (\n%s\n);\n", table, strings.Join(lines, ",\n"))
	for _, c := range p.query(`SELECT replace(pg_get_indexdef(i.indexrelid), 'public.', '') FROM pg_index i
		WHERE i.indrelid = $1::regclass AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid) ORDER BY 1`, table) {
		out += c[0] + ";\n"
	}
	return out
}
