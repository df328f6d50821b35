package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// asksTheTime finds what asks the database for its time.
var asksTheTime = regexp.MustCompile(`(?i)\b(now|datetime|date|time|julianday|unixepoch|strftime|clock_timestamp|statement_timestamp|transaction_timestamp)\s*\(|\bcurrent_(timestamp|time|date)\b|\blocaltime`)

// All times come from the store's clock: a clock that processes do not share, or
// that a test cannot set, would decide who holds a lease.
func TestNoSQLAsksForTheTime(t *testing.T) {
	t.Parallel()
	texts, measured := 0, 0
	for name, text := range sqlTexts(t) {
		texts++
		if strings.HasPrefix(name, "open.go:") && text == `SELECT clock_timestamp()` {
			measured++ // the store's own clock is corrected by it
			continue
		}
		if found := asksTheTime.FindString(text); found != "" {
			t.Errorf("%s asks the database for the time with %q", name, found)
		}
	}
	if measured > 1 {
		t.Errorf("%d texts measure the database's clock", measured)
	}
	if texts < 50 {
		t.Errorf("only %d texts were looked at", texts)
	}
}

// sqlTexts are the texts in the package's source that look like SQL, and the
// migrations.
func sqlTexts(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	migrations, err := filepath.Glob("migrations/*/*.sql")
	if err != nil || len(migrations) < 2 {
		t.Fatalf("the migrations are %v, %v", migrations, err)
	}
	for _, name := range migrations {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[name] = withoutComments.ReplaceAllString(string(text), "")
	}
	sources, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := token.NewFileSet()
	for _, name := range sources {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(files, name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err == nil && looksLikeSQL.MatchString(text) {
				texts[files.Position(literal.Pos()).String()] = text
			}
			return true
		})
	}
	return texts
}

var (
	looksLikeSQL    = regexp.MustCompile(`\b(SELECT|INSERT|UPDATE|DELETE|WHERE|FROM|SET|ORDER BY|CASE|CREATE)\b`)
	withoutComments = regexp.MustCompile(`--[^\n]*`)
)

// Every question about a tenant's data names the tenant or a connection.
func TestEveryTenantTableIsKeyedByTheTenant(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		shared := map[string]bool{"settings": true, "budgets": true, "runs": true, "connections": true, "targets": true, "applications": true, "incidents": true, "api_keys": true, "sessions": true, "client_secrets": true, "traffic": true, "traffic_outcomes": true}
		for _, table := range d.tables() {
			if shared[table] {
				continue
			}
			found := false
			for _, column := range d.columns(table) {
				found = found || strings.HasPrefix(column, "tenant | nullable false | key 1")
			}
			if !found {
				t.Errorf("the key of %s does not begin with the tenant", table)
			}
		}
	})
}
