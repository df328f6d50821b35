package store

import (
	"net/url"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"ordersync"
)

// FuzzSources reads database URLs: a refusal shows no password, and what is taken
// names the same file or server for writing and, read-only, for reading.
func FuzzSources(f *testing.F) {
	for _, seed := range []string{
		"sqlite:a.db", "sqlite:", "sqlite::memory:", "sqlite:/tmp/a b?c#d%zz&_pragma=x", "sqlite:a\x00", "postgres://me:PASSWORD@h/d", "postgresql:///d?host=/tmp&default_transaction_read_only=off",
		"postgres://me:%zzPASSWORD@h/d", "postgres://h/d?a;b=PASSWORD", "postgres://h:port/d", "mysql://me:PASSWORD@h", "", "postgres:", "sqlite:é.db", "sqlite:file:x?mode=rw", "sqlite://a.db", "sqlite:///tmp/a.db", "sqlite://localhost/a",
	} {
		f.Add(seed)
	}
	const canary = "canary7password"
	f.Fuzz(func(t *testing.T, text string) {
		raw := strings.ReplaceAll(text, "PASSWORD", canary)
		s := &Store{}
		write, read, err := s.sources(raw)
		if err != nil {
			if strings.Contains(err.Error(), canary) || len(raw) > 40 && strings.Contains(err.Error(), raw) {
				t.Fatalf("%q is refused with %v", raw, err)
			}
			return
		}
		w, errWrite := url.Parse(write)
		r, errRead := url.Parse(read)
		if errWrite != nil || errRead != nil {
			t.Fatalf("%q is opened as %q and %q", raw, write, read)
		}
		switch s.kind {
		case sqlite:
			file, err := url.PathUnescape(strings.TrimPrefix(strings.SplitN(write, "?", 2)[0], "file:"))
			if path, _ := SQLitePath(raw); err != nil || file != path || s.path != path || r.Query().Get("mode") != "ro" || w.Query().Has("mode") {
				t.Fatalf("%q is opened as %q and %q", raw, write, read)
			}
		case postgres:
			if w.Host != r.Host || w.Path != r.Path || r.Query().Get("default_transaction_read_only") != "on" || len(r.Query()["default_transaction_read_only"]) != 1 {
				t.Fatalf("%q is opened as %q and %q", raw, write, read)
			}
		}
	})
}

// rowOf is a row with a few columns that were damaged.
type rowOf struct {
	programs     string
	digests, raw []byte
}

// Scan fills the columns that are parsed.
func (r rowOf) Scan(into ...any) error {
	*into[16].(*string), *into[19].(*[]byte), *into[20].(*[]byte) = r.programs, r.digests, r.raw
	return nil
}

// FuzzStoredRow reads rows whose packed columns hold anything: what is read is
// within the limits, and packed anew it is the same.
func FuzzStoredRow(f *testing.F) {
	zip, err := zstd.NewWriter(nil)
	if err != nil {
		f.Fatal(err)
	}
	const limit = 1 << 20
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(limit))
	if err != nil {
		f.Fatal(err)
	}
	good := make([]byte, 8*ordersync.GroupCount)
	bomb := zip.EncodeAll(make([]byte, 2*limit), nil)
	f.Add(`["PRIME"]`, good, zip.EncodeAll([]byte(`{"orderId":"1"}`), nil), "A,B")
	f.Add(`null`, good, bomb, "")
	f.Add(`{}`, good[1:], []byte{}, ",")
	f.Add(`["\ud800",7]`, append(good, 1), bomb[:9], "A,,B")
	f.Fuzz(func(t *testing.T, programs string, digests, raw []byte, ids string) {
		if got := list(split(ids)); got != ids {
			t.Fatalf("the list %q is %q", ids, got)
		}
		o, err := scanOrder(rowOf{programs, digests, raw}, unzip)
		if err != nil {
			if len(raw) > 40 && strings.Contains(err.Error(), string(raw)) {
				t.Fatalf("the error repeats the row: %v", err)
			}
			return
		}
		if len(o.Raw) > limit {
			t.Fatalf("a body of %d bytes is unpacked", len(o.Raw))
		}
		if same := (orderWrite{PageOrder: PageOrder{Order: o.Order}}).digestsAfter(); string(same) != string(digests) {
			t.Fatalf("digests %x are packed as %x", digests, same)
		}
		back, err := unzip.DecodeAll(zip.EncodeAll(o.Raw, nil), nil)
		if err != nil || string(back) != string(o.Raw) {
			t.Fatalf("the body comes back otherwise: %v", err)
		}
	})
}
