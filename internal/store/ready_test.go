package store_test

import (
	"errors"
	"testing"

	"ordersync/internal/store"
)

// A process is not ready when another one has changed the schema, or when the
// database is away.
func TestReady(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		d.must(d.Ready(d.ctx))
		newest := d.number(`SELECT MAX(version_id) FROM goose_db_version`)
		d.exec(`DELETE FROM goose_db_version WHERE version_id = $1`, newest)
		if err := d.Ready(d.ctx); !errors.Is(err, store.ErrSchemaOld) {
			t.Errorf("an older schema: %v", err)
		}
		d.exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, TRUE)`, newest+1)
		if err := d.Ready(d.ctx); !errors.Is(err, store.ErrSchemaNew) {
			t.Errorf("a newer schema: %v", err)
		}
		d.must(d.Close())
		if err := d.Ready(d.ctx); err == nil || errors.Is(err, store.ErrSchemaOld) || errors.Is(err, store.ErrSchemaNew) {
			t.Errorf("a database that is away: %v", err)
		}
	})
}
