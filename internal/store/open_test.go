package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ordersync"
	"ordersync/internal/store"
	"ordersync/internal/store/storetest"
)

const password = "geheim-4711"

// Who gives a URL that does not work is told what to do, and never sees the
// password again: errors end in logs.
func TestErrorsOfOpenNameTheRemedy(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database, but long enough to look like one\n", 40)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, url, remedy string }{
		{"nothing", "", "use sqlite:PATH or postgres://"},
		{"no scheme", "ordersync.db", "use sqlite:PATH or postgres://"},
		{"an unknown scheme", "mysql://user:" + password + "@host/db", "use sqlite:PATH or postgres://"},
		{"no file", "sqlite:", "sqlite:ordersync.db"},
		{"a file name with a zero byte", "sqlite:a\x00b", "sqlite:ordersync.db"},
		{"memory", "sqlite::memory:", "use a file"},
		{"memory with parameters", "sqlite::memory:?cache=shared", "use a file"},
		{"a host", "sqlite://orders.db", "without slashes"},
		{"a missing folder", "sqlite:" + filepath.Join(dir, "missing", "x.db"), "does its folder exist"},
		{"no database", "sqlite:" + text, "is it a database"},
		{"a folder", "sqlite:" + dir, "may this user read and write it"},
		{"a password with a percent sign", "postgres://user:" + password + "%zz@host/db", "percent-encoded"},
		{"a port that is none", "postgres://user:" + password + "@host:port/db", "percent-encoded"},
		{"no server", "postgres://user:" + password + "@/db?host=" + dir, "is it running"},
		{"no server, password as a parameter", "postgres:///db?user=u&password=" + password + "&host=" + dir, "is it running"},
		{"an unknown parameter's value", "postgres://user:" + password + "@host/db?sslmode=perhaps", "is it running"},
		{"a wrong port as a parameter", "postgresql:///db?port=x&password=" + password, "is it running"},
		{"a wrong timeout", "postgres://u:" + password + "@host/db?connect_timeout=soon", "is it running"},
	} {
		s, err := store.Open(t.Context(), store.Options{URL: test.url})
		if err == nil {
			t.Errorf("%s: opened", test.name)
			_ = s.Close()
			continue
		}
		if !strings.Contains(err.Error(), test.remedy) {
			t.Errorf("%s: the error does not say %q: %v", test.name, test.remedy, err)
		}
		if strings.Contains(err.Error(), password) {
			t.Errorf("%s: the error repeats the password: %v", test.name, err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "missing")); err == nil {
		t.Error("the missing folder was made")
	}
}

func TestUnreadableFileIsAnError(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.db")
	if err := os.WriteFile(path, nil, 0); err != nil {
		t.Fatal(err)
	}
	if f, err := os.Open(path); err == nil {
		// Who may read everything (root) meets no unreadable file: a name that
		// leads nowhere comes nearest.
		_ = f.Close()
		path = filepath.Join(t.TempDir(), "link.db")
		if err := os.Symlink(filepath.Join(path, "nowhere"), path); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + path})
	if err == nil {
		_ = s.Close()
		t.Fatal("opened")
	}
	if !strings.Contains(err.Error(), "may this user") {
		t.Errorf("the error does not say what to look at: %v", err)
	}
}

func TestFileNamesOfAllKinds(t *testing.T) {
	t.Parallel()
	migrated, _ := store.SQLitePath(storetest.New(t, storetest.SQLite))
	content, err := os.ReadFile(migrated)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"plain.db", "with space.db", "100%.db", "%41.db", "what?.db", "a#b.db", "a&b=c;d.db", "été 日本.db", "quo'te\".db", "back\\slash.db", "a:b.db", "-v.db",
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(dir, name)})
		if err != nil {
			t.Errorf("%q: %v", name, err)
			continue
		}
		if err := s.Prepare(t.Context()); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := s.ImportConnection(t.Context(), store.Import{Tenant: "acme", Region: ordersync.RegionEU}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if there, err := s.Reader().Tenant("acme").Exists(t.Context()); err != nil || !there {
			t.Errorf("%q: what was written is not read: %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		// Nothing but this file stays behind.
		equal(t, "files", filesIn(t, dir), []string{name})
	}
}

func TestNewFileOfAnOddName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + filepath.Join(dir, "50% new?#.db")})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Prepare(t.Context()), s.Close()); err != nil {
		t.Error(err)
	}
	equal(t, "files", filesIn(t, dir), []string{"50% new?#.db", "50% new?#.db.migrate"})
}

func filesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		names = append(names, f.Name())
	}
	return names
}

func TestRelativeFileName(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"ordersync.db", "./dot.db"} {
		s, err := store.Open(t.Context(), store.Options{URL: "sqlite:" + name})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
		if path, ok := store.SQLitePath("sqlite:" + name); !ok || path != name {
			t.Errorf("the path of sqlite:%s is %q", name, path)
		}
	}
	if _, ok := store.SQLitePath("postgres://host/db"); ok {
		t.Error("a Postgres URL has a path")
	}
}

func TestClosedStoreAnswersWithErrors(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		closed := d.again()
		d.must(closed.Close())
		ctx := context.Background()
		if _, err := closed.Commit(ctx, l, store.Commit{}); err == nil {
			t.Error("a closed store committed")
		}
		if _, err := closed.Claim(ctx, l.Connection.ID, "test", lease); err == nil {
			t.Error("a closed store claimed")
		}
		d.page(l, order("1", 0))
	})
}

func TestCancelledWorkWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		l := d.connected("acme", "S1")
		before := d.dump()
		ctx, cancel := context.WithCancel(d.ctx)
		cancel()
		if _, err := d.Commit(ctx, l, all(l)); err == nil {
			t.Error("a cancelled commit succeeded")
		}
		equal(t, "database", d.dump(), before)
		d.page(l, order("1", 0))
	})
}

func TestSettingIsSetOnce(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		value, err := d.Setting(d.ctx, "canary")
		if err != nil || value != nil {
			t.Errorf("a setting that was never set is %q, %v", value, err)
		}
		other := d.again()
		answers := make(chan string, 8)
		for i := range 8 {
			s := []*store.Store{d.Store, other.Store}[i%2]
			go func() {
				stored, err := s.SetOnce(d.ctx, "canary", []byte{byte('a' + i), 0, 255})
				if err != nil {
					t.Error(err)
				}
				answers <- string(stored)
			}()
		}
		first := <-answers
		for range 7 {
			equal(t, "answer", <-answers, first)
		}
		value, err = d.Setting(d.ctx, "canary")
		d.must(err)
		equal(t, "stored", string(value), first)
	})
}
