package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var link = regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)

// Every link between the pages leads somewhere.
func TestLinksLeadSomewhere(t *testing.T) {
	pages := []string{"../../README.md"}
	err := filepath.WalkDir("../../docs", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".md") {
			pages = append(pages, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		for _, found := range link.FindAllStringSubmatch(pageText(t, page), -1) {
			if strings.Contains(found[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), found[1])); err != nil {
				t.Errorf("%s: a link leads nowhere: %s", page, found[1])
			}
		}
	}
	if len(pages) < 10 {
		t.Errorf("only %d pages were found", len(pages))
	}
}

// The page on the HTTP interface names every route.
func TestAPIPageNamesEveryRoute(t *testing.T) {
	onSQLite(t, func(p *program) {
		text := pageText(t, "../../docs/api.md")
		_, body := p.serve("--workers", "0").get("/openapi.json")
		var document struct {
			Paths map[string]map[string]any
		}
		p.must(json.Unmarshal([]byte(body), &document))
		if len(document.Paths) < 15 {
			t.Errorf("only %d paths were found", len(document.Paths))
		}
		for path, operations := range document.Paths {
			for method := range operations {
				if route := "`" + strings.ToUpper(method) + " " + path + "`"; !strings.Contains(text, route) {
					t.Errorf("docs/api.md says nothing of %s", route)
				}
			}
		}
	})
}

// The page on import files names every field, and no other.
func TestImportPageNamesEveryField(t *testing.T) {
	text := pageText(t, "../../docs/import.md")
	known := fieldTypes()
	for field := range known {
		if !strings.Contains(text, "| `"+field+"` |") {
			t.Errorf("docs/import.md says nothing of %s", field)
		}
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-zA-Z]+)` \\|").FindAllStringSubmatch(text, -1) {
		if known[row[1]] == "" {
			t.Errorf("docs/import.md names %s, which is no field", row[1])
		}
	}
}

// The examples of the page are good lines.
func TestImportPageExamples(t *testing.T) {
	examples := 0
	for text := range strings.Lines(pageText(t, "../../docs/import.md")) {
		if !strings.HasPrefix(text, "{") {
			continue
		}
		examples++
		if _, err := parseImportLine([]byte(strings.ReplaceAll(text, "…", "x"))); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	if examples == 0 {
		t.Error("there is no example")
	}
}

func pageText(t testing.TB, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
