package secret_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ordersync/internal/secret"
)

func TestKeyFileIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ordersync.key")
	text, created, err := secret.LoadOrCreateKeyFile(path)
	if err != nil || !created {
		t.Fatalf("first: created %v, %v", created, err)
	}
	parse(t, text)
	info, err := os.Stat(path)
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("mode is %v, %v", info.Mode(), err)
	}
	again, created, err := secret.LoadOrCreateKeyFile(path)
	if err != nil || created || again != text {
		t.Errorf("second: the same key %v, created %v, %v", again == text, created, err)
	}
	onlyFile(t, path)
}

// Eight starters of one moment get one key: whoever links first wins, and the
// others never see half a file.
func TestKeyFileRace(t *testing.T) {
	const starters = 8
	for range 20 {
		path := filepath.Join(t.TempDir(), "ordersync.key")
		var texts [starters]string
		var created [starters]bool
		var errs [starters]error
		var wg sync.WaitGroup
		start := make(chan struct{})
		for i := range starters {
			wg.Go(func() {
				<-start
				texts[i], created[i], errs[i] = secret.LoadOrCreateKeyFile(path)
			})
		}
		close(start)
		wg.Wait()
		makers := 0
		for i := range starters {
			if errs[i] != nil || texts[i] != texts[0] || texts[i] == "" {
				t.Fatalf("starter %d: the same key %v, %v", i, texts[i] == texts[0], errs[i])
			}
			if created[i] {
				makers++
			}
		}
		if makers != 1 {
			t.Fatalf("%d starters say they made the file", makers)
		}
		onlyFile(t, path)
	}
}

func TestKeyFileRefused(t *testing.T) {
	good := keyText(1) + "\n"
	for name, test := range map[string]struct {
		content string
		mode    fs.FileMode
		want    string
	}{
		"readable by the group": {good, 0o640, "chmod 600"},
		"readable by all":       {good, 0o644, "chmod 600"},
		"writable by the group": {good, 0o620, "chmod 600"},
		"empty":                 {"", 0o600, "NOT be overwritten"},
		"half written":          {good[:20], 0o600, "NOT be overwritten"},
		"something else":        {"hidden passphrase", 0o600, "NOT be overwritten"},
		"huge":                  {strings.Repeat("A", 1<<20), 0o600, "NOT be overwritten"},
	} {
		path := filepath.Join(t.TempDir(), "ordersync.key")
		if err := os.WriteFile(path, []byte(test.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, test.mode); err != nil { // past the umask
			t.Fatal(err)
		}
		_, created, err := secret.LoadOrCreateKeyFile(path)
		if err == nil || created || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: created %v, %v; want %q", name, created, err, test.want)
		} else if leaks(err.Error()) {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != test.content {
			t.Errorf("%s: the file was changed: %v", name, err)
		}
		onlyFile(t, path)
	}
}

func TestKeyFileTakesSeveralKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ordersync.key")
	if err := os.WriteFile(path, []byte(keyText(2)+",\n"+keyText(1)+"\n"), 0o400); err != nil {
		t.Fatal(err)
	}
	text, created, err := secret.LoadOrCreateKeyFile(path)
	if err != nil || created {
		t.Fatalf("created %v, %v", created, err)
	}
	if _, err := parse(t, text).Open(seal(t, parse(t, keyText(1)), "plain", owner), owner); err != nil {
		t.Errorf("the second key does not open: %v", err)
	}
}

func TestKeyFileInBadPlaces(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := secret.LoadOrCreateKeyFile(filepath.Join(dir, "missing", "ordersync.key")); err == nil {
		t.Error("a missing directory is taken")
	}
	if _, _, err := secret.LoadOrCreateKeyFile(dir); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("a directory: %v", err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "nowhere"), link); err != nil {
		t.Fatal(err)
	}
	if _, created, err := secret.LoadOrCreateKeyFile(link); err == nil || created {
		t.Errorf("a link to nowhere: created %v, %v", created, err)
	}
}

// onlyFile checks that nothing else was left in the directory of path.
func onlyFile(t *testing.T, path string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() != filepath.Base(path) {
			t.Errorf("%s was left behind", entry.Name())
		}
	}
}

// A file that is too large is not cut: a key that is left out would open nothing.
func TestLargeKeyFileIsRefusedWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.key")
	text := secret.GenerateMasterKey() + strings.Repeat("\n", 64<<10) + "," + secret.GenerateMasterKey()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, created, err := secret.LoadOrCreateKeyFile(path); err == nil || created || !strings.Contains(err.Error(), "more than 65536 bytes") {
		t.Errorf("%d bytes, %v, %v", len(got), created, err)
	}
}

func TestKeyFileRotates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ordersync.key")
	older, _, err := secret.LoadOrCreateKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := secret.RotateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	both, _, err := secret.LoadOrCreateKeyFile(path)
	fresh, rest, _ := strings.Cut(both, ",")
	if err != nil || rest != older || fresh == older {
		t.Fatalf("%v: the old key is behind the new one: %v", err, rest == older)
	}
	if err := secret.TrimKeyFile(path); err != nil {
		t.Fatal(err)
	}
	if text, _, err := secret.LoadOrCreateKeyFile(path); err != nil || text != fresh {
		t.Errorf("%v: the new key is left: %v", err, text == fresh)
	}
	onlyFile(t, path)
	for name, rotate := range map[string]func(string) error{"rotate": secret.RotateKeyFile, "trim": secret.TrimKeyFile} {
		if err := rotate(path + ".missing"); err == nil {
			t.Errorf("%s: a file that is not there", name)
		}
		bad := filepath.Join(t.TempDir(), "bad.key")
		if err := os.WriteFile(bad, []byte("no key"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := rotate(bad); err == nil {
			t.Errorf("%s: a file without a key", name)
		}
		if content, err := os.ReadFile(bad); err != nil || string(content) != "no key" {
			t.Errorf("%s: the file was changed: %q, %v", name, content, err)
		}
	}
}
