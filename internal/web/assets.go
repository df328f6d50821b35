package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// What browsers load besides the pages. htmx and uPlot are the files that their
// packages of that version hold; see static/README.md.
//
//go:embed static
var staticFiles embed.FS

const staticPath = "/static/"

// asset is a file that browsers load.
type asset struct {
	kind          string // its Content-Type
	plain, packed []byte // packed: gzip
	hash          string
}

// assets are all of them, by name.
type assets map[string]asset

var assetKinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func readAssets() (assets, error) {
	entries, err := staticFiles.ReadDir("static")
	if err != nil {
		return nil, fmt.Errorf("read what browsers load: %w", err)
	}
	all := assets{}
	for _, e := range entries {
		kind := assetKinds[path.Ext(e.Name())]
		if kind == "" {
			continue
		}
		a := asset{kind: kind}
		if a.plain, err = staticFiles.ReadFile("static/" + e.Name()); err != nil {
			return nil, fmt.Errorf("read what browsers load: %w", err)
		}
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write(a.plain); err != nil {
			return nil, fmt.Errorf("pack %s: %w", e.Name(), err)
		}
		if err := z.Close(); err != nil {
			return nil, fmt.Errorf("pack %s: %w", e.Name(), err)
		}
		sum := sha256.Sum256(a.plain)
		a.packed, a.hash = packed.Bytes(), hex.EncodeToString(sum[:6])
		all[e.Name()] = a
	}
	return all, nil
}

// address is where browsers load a file from; it changes with the file, so that they
// may keep it.
func (a assets) address(name string) (string, error) {
	one, ok := a[name]
	if !ok {
		return "", fmt.Errorf("there is no file %s", name)
	}
	return staticPath + name + "?v=" + one.hash, nil
}

func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	one, ok := a[strings.TrimPrefix(r.URL.Path, staticPath)]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", one.kind)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if r.URL.Query().Get("v") == one.hash {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := one.plain
	if acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		body = one.packed
	}
	_, _ = w.Write(body)
}

// acceptsGzip tells whether a browser takes gzip. RFC 9110, 12.5.3.
func acceptsGzip(r *http.Request) bool {
	for _, part := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, weighted := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		return !weighted || err == nil && q > 0
	}
	return false
}
