package store_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

// BenchmarkPageCommit commits pages of a hundred new orders, and in the same run
// inserts the same rows with nothing around it. The metric x-bare is how much
// longer the commit takes.
func BenchmarkPageCommit(b *testing.B) {
	for _, kind := range storetest.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			p := newPages(b, kind)
			p.commit() // the first page of a file makes room
			rows := p.written()
			var committed, bare time.Duration
			for b.Loop() {
				start := time.Now()
				p.commit()
				between := time.Now()
				p.insert(rows)
				committed, bare = committed+between.Sub(start), bare+time.Since(between)
			}
			b.ReportMetric(committed.Seconds()*1000/float64(b.N), "commit-ms")
			b.ReportMetric(bare.Seconds()*1000/float64(b.N), "bare-ms")
			b.ReportMetric(committed.Seconds()/bare.Seconds(), "x-bare")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// BenchmarkPageAgain commits a page that is known already: nothing changes.
func BenchmarkPageAgain(b *testing.B) {
	for _, kind := range storetest.Kinds {
		b.Run(string(kind), func(b *testing.B) {
			p := newPages(b, kind)
			p.commit()
			for b.Loop() {
				p.n--
				p.commit()
			}
		})
	}
}

// pages are pages of one connection.
type pages struct {
	b     *testing.B
	store *store.Store
	db    *sql.DB
	kind  storetest.Kind
	lease *store.Lease
	n     int // so many were committed
	bare  int // so many were inserted
}

func newPages(b *testing.B, kind storetest.Kind) *pages {
	b.Helper()
	url := storetest.New(b, kind)
	p := &pages{b: b, kind: kind, store: storetest.OpenURL(b, url, storetest.Clock(func() time.Time { return begin })), db: storetest.SQL(b, url)}
	if kind == storetest.SQLite {
		for _, pragma := range []string{"journal_mode=WAL", "synchronous=FULL"} { // as the store's own
			_, err := p.db.Exec("PRAGMA " + pragma)
			p.must(err)
		}
	}
	out, err := p.store.ImportConnection(context.Background(), store.Import{
		Tenant: "bench", Region: ordersync.RegionEU, SellerID: "A1", State: ordersync.Connected, Marketplaces: &[]string{french},
	})
	p.must(err)
	p.lease, err = p.store.Claim(context.Background(), out.Connection, "bench", time.Hour)
	p.must(err)
	return p
}

func (p *pages) must(err error) {
	p.b.Helper()
	if err != nil {
		p.b.Fatal(err)
	}
}

// commit commits the next page.
func (p *pages) commit() {
	p.b.Helper()
	orders := make([]store.PageOrder, 100)
	for i := range orders {
		orders[i] = order(fmt.Sprintf("%03d-%07d-%07d", p.n%1000, p.n, i), 0)
	}
	p.n++
	_, err := p.store.Commit(context.Background(), p.lease, pageOf(p.lease, orders...))
	p.must(err)
}

// tableRows are rows of a table, tenant first.
type tableRows struct {
	table   string
	columns []string
	rows    [][]any
}

// written reads what a page has written.
func (p *pages) written() (all []tableRows) {
	p.b.Helper()
	for _, table := range []string{"orders", "order_items", "order_packages", "changes"} {
		t := p.read(table)
		if len(t.rows) == 0 || t.columns[0] != "tenant" {
			p.b.Fatalf("%s: %d rows of %v", table, len(t.rows), t.columns)
		}
		all = append(all, t)
	}
	return all
}

func (p *pages) read(table string) (t tableRows) {
	p.b.Helper()
	result, err := p.db.Query(`SELECT * FROM ` + table + ` WHERE tenant = 'bench'`)
	p.must(err)
	defer func() { p.must(result.Close()) }()
	t.table = table
	t.columns, err = result.Columns()
	p.must(err)
	for result.Next() {
		row, into := make([]any, len(t.columns)), make([]any, len(t.columns))
		for i := range row {
			into[i] = &row[i]
		}
		p.must(result.Scan(into...))
		t.rows = append(t.rows, row)
	}
	p.must(result.Err())
	return t
}

// insert inserts rows for another tenant: one statement a table, one
// transaction.
func (p *pages) insert(all []tableRows) {
	p.b.Helper()
	p.bare++
	tx, err := p.db.Begin()
	p.must(err)
	for _, t := range all {
		var values []string
		var args []any
		for _, row := range t.rows {
			values = append(values, p.placeholders(len(args), len(row)))
			args = append(append(args, fmt.Sprint("bare-", p.bare)), row[1:]...)
		}
		_, err := tx.Exec(`INSERT INTO `+t.table+` (`+strings.Join(t.columns, ", ")+`) VALUES `+strings.Join(values, ", "), args...)
		p.must(err)
	}
	p.must(tx.Commit())
}

func (p *pages) placeholders(after, n int) string {
	if p.kind == storetest.SQLite {
		return "(?" + strings.Repeat(",?", n-1) + ")"
	}
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprint("$", after+i+1)
	}
	return "(" + strings.Join(list, ",") + ")"
}
