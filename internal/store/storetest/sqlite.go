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
	dir, err := os.MkdirTemp("", "storetest")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "template.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, fmt.Errorf("migrate the SQLite template: %w", err)
	}
	return os.ReadFile(path)
})

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
