package storetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"ordersync/internal/store"
)

// fileTemplate is the content of a migrated SQLite file: copying it is far
// quicker than migrating one for each test.
var fileTemplate = sync.OnceValues(func() (content []byte, err error) {
	f, err := migratedFile()
	if err != nil {
		return nil, err
	}
	defer f.remove()
	return os.ReadFile(f.path)
})

// madeFile is a migrated SQLite file in a folder of its own.
type madeFile struct{ dir, path string }

func (f madeFile) remove() { _ = os.RemoveAll(f.dir) }

func migratedFile() (f madeFile, err error) {
	if f.dir, err = os.MkdirTemp("", "storetest"); err != nil {
		return f, err
	}
	f.path = filepath.Join(f.dir, "template.db")
	if err := migrate("sqlite:" + f.path); err != nil {
		f.remove()
		return f, fmt.Errorf("migrate the SQLite template: %w", err)
	}
	return f, nil
}

func migrate(url string) error {
	s, err := store.Open(context.Background(), store.Options{URL: url})
	if err != nil {
		return err
	}
	if _, err := s.Migrate(context.Background()); err != nil {
		_ = s.Close()
		return err
	}
	return s.Close() // the last connection moves the WAL into the file
}

func newFile(t testing.TB) string {
	t.Helper()
	content, err := fileTemplate()
	if err != nil {
		t.Fatal(err)
	}
	url := fileURL(t)
	path, _ := store.SQLitePath(url)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return url
}

func fileURL(t testing.TB) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "test.db")
}
