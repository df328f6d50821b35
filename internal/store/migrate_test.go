package store_test

import (
	"errors"
	"strings"
	"testing"

	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

func TestEmptyDatabaseIsMigrated(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		d := open(t, kind, storetest.Empty(t, kind))
		have, want, err := d.SchemaVersion(d.ctx)
		d.must(err)
		equal(t, "version of an empty database", have, int64(0))
		equal(t, "asking changes nothing", len(d.tables()), 0)
		for range 2 {
			d.must(d.Prepare(d.ctx))
			have, _, err = d.SchemaVersion(d.ctx)
			d.must(err)
			equal(t, "version", have, want)
		}
		applied, err := d.Migrate(d.ctx)
		d.must(err)
		equal(t, "applied again", applied, 0)
		d.connected("acme", "S1")
	})
}

func TestSchemasOfOtherVersions(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		_, want, err := d.SchemaVersion(d.ctx)
		d.must(err)
		d.exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (`+map[bool]string{true: `$1, 1`, false: `$1, TRUE`}[d.Local()]+`)`, want+1)
		before := d.dump()
		if err := d.Prepare(d.ctx); !errors.Is(err, store.ErrSchemaNew) {
			t.Errorf("Prepare of a newer schema: %v, want %v", err, store.ErrSchemaNew)
		}
		if _, err := d.Migrate(d.ctx); !errors.Is(err, store.ErrSchemaNew) {
			t.Errorf("Migrate of a newer schema: %v, want %v", err, store.ErrSchemaNew)
		}
		equal(t, "database", d.dump(), before)
	})
}

func TestProcessesThatMigrateAtOnce(t *testing.T) {
	storetest.EachKind(t, func(t *testing.T, kind storetest.Kind) {
		url := storetest.Empty(t, kind)
		const processes = 3
		errs := make(chan error, processes)
		for range processes {
			s := storetest.OpenURL(t, url)
			go func() { errs <- s.Prepare(t.Context()) }()
		}
		for range processes {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		open(t, kind, url).connected("acme", "S1")
	})
}

// Both schemas have the same tables with the same columns, so that the same SQL
// means the same.
func TestSchemasAgree(t *testing.T) {
	t.Parallel()
	schemas := map[storetest.Kind]string{}
	for _, kind := range storetest.Kinds {
		d := open(t, kind, storetest.New(t, kind))
		var out strings.Builder
		for _, table := range d.tables() {
			for _, column := range d.columns(table) {
				out.WriteString(table + "." + column + "\n")
			}
		}
		schemas[kind] = out.String()
	}
	xid := "changes.xid | nullable false | key 0\n" // Postgres has it for its own sake
	if !strings.Contains(schemas[storetest.Postgres], xid) {
		t.Errorf("changes have no xid on Postgres")
	}
	equal(t, "tables and columns", strings.Replace(schemas[storetest.Postgres], xid, "", 1), schemas[storetest.SQLite])
}

// columns lists a table's columns by name, with their place in the primary key.
func (d *database) columns(table string) []string {
	d.t.Helper()
	if d.Local() {
		// A key that is the row's own number is never NULL.
		return d.rows(`SELECT name || ' | nullable ' || CASE WHEN "notnull" = 0 AND pk = 0 THEN 'true' ELSE 'false' END || ' | key ' || pk
			FROM pragma_table_info($1) ORDER BY name COLLATE BINARY`, table)
	}
	return d.rows(`SELECT c.column_name || ' | nullable ' || CASE c.is_nullable WHEN 'YES' THEN 'true' ELSE 'false' END || ' | key ' || COALESCE(k.ordinal_position, 0)
		FROM information_schema.columns c
		LEFT JOIN information_schema.table_constraints p ON p.table_name = c.table_name AND p.table_schema = c.table_schema AND p.constraint_type = 'PRIMARY KEY'
		LEFT JOIN information_schema.key_column_usage k ON k.constraint_name = p.constraint_name AND k.table_name = c.table_name AND k.column_name = c.column_name
		WHERE c.table_schema = 'public' AND c.table_name = $1 ORDER BY c.column_name COLLATE "C"`, table)
}

// The same rows are unique in both, and the same questions have an index.
func TestIndexesAgree(t *testing.T) {
	t.Parallel()
	indexes := map[storetest.Kind][]string{}
	for _, kind := range storetest.Kinds {
		d := open(t, kind, storetest.New(t, kind))
		query := `SELECT name || ' on ' || tbl_name || CASE WHEN sql LIKE 'CREATE UNIQUE%' THEN ' unique' ELSE '' END || CASE WHEN sql LIKE '% WHERE %' THEN ' partial' ELSE '' END
			FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name`
		if kind == storetest.Postgres {
			query = `SELECT indexname || ' on ' || tablename || CASE WHEN indexdef LIKE 'CREATE UNIQUE%' THEN ' unique' ELSE '' END || CASE WHEN indexdef LIKE '% WHERE %' THEN ' partial' ELSE '' END
				FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey' ORDER BY indexname`
		}
		indexes[kind] = d.rows(query)
	}
	equal(t, "indexes", indexes[storetest.Postgres], indexes[storetest.SQLite])
}
