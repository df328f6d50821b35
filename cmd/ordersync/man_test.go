package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// pagesDir is where the manual pages are kept.
const pagesDir = "../../docs/man"

// model is the command line's.
func model(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := newParser(new(commands))
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

// There is a page of the program and of each command, and no other.
func TestGeneratedManPages(t *testing.T) {
	pages := manPages(model(t))
	if *update {
		if err := os.RemoveAll(pagesDir); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range sortedKeys(pages) {
		wantFile(t, filepath.Join(pagesDir, name), pages[name], *update)
	}
	entries, err := os.ReadDir(pagesDir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if pages[e.Name()] == "" {
			t.Errorf("%s is the page of nothing: run make generate", e.Name())
		}
	}
	if len(pages) < 35 {
		t.Errorf("only %d pages", len(pages))
	}
}

// The pages are what man and mandoc understand.
func TestManPagesAreSound(t *testing.T) {
	dir := t.TempDir()
	if a := alone("man", "--into", dir); a.code != exitOK || a.out != "" || !strings.Contains(a.err, "pages into ") {
		t.Fatalf("%+v", a)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil || len(files) < 35 {
		t.Fatal(files, err)
	}
	// Of a date mandoc would have every page tell; these are of no day, so that they
	// change only when the program does.
	lint := exec.Command("mandoc", append([]string{"-Tlint", "-Wwarning"}, files...)...)
	said, _ := lint.CombinedOutput() // it ends with 2 after warnings
	for text := range strings.Lines(string(said)) {
		if !strings.Contains(text, "missing date") {
			t.Errorf("mandoc: %s", text)
		}
	}
	if lint.ProcessState == nil {
		t.Fatal("mandoc is not installed: run scripts/tools")
	}
	page := exec.Command("mandoc", "-Tutf8", filepath.Join(dir, "ordersync-tenants-import.1"))
	shown, err := page.Output()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(backspaced(string(shown)), "‐", "-")
	for _, words := range []string{
		"ordersync-tenants-import - create or change connections from JSON lines", "ordersync tenants import [FLAGS] FILE", "File of JSON lines, or - for standard input.",
		"--json", "tenants.jsonl", "ordersync-tenants(1)",
	} {
		if !strings.Contains(text, words) {
			t.Errorf("%q is missing in\n%s", words, text)
		}
	}
}

// backspaced is a text without what made it bold on a typewriter.
func backspaced(text string) string {
	var out []rune
	for _, r := range text {
		if r == '\b' {
			out = out[:len(out)-1]
			continue
		}
		out = append(out, r)
	}
	return string(out)
}

func TestMan(t *testing.T) {
	for command, words := range map[string]string{
		"man":                       ".TH ORDERSYNC 1",
		"man sync":                  ".TH ORDERSYNC-SYNC 1",
		"man tenants import":        ".TH ORDERSYNC-TENANTS-IMPORT 1",
		"man keys":                  "ordersync\\-keys\\-create",
		"man nonsense":              "there is no page of \"nonsense\": `ordersync --help` lists the commands",
		"man sync --into somewhere": "leave one of them out",
	} {
		a := alone(strings.Fields(command)...)
		if wrong := strings.Contains(words, " "+"page") || strings.Contains(words, "leave"); !strings.Contains(a.out+a.err, words) || wrong != (a.code == exitUsage) {
			t.Errorf("%s: %+v", command, a)
		}
	}
}

// The pages name every setting, and what stands in the examples is understood.
func TestManPagesAreTrue(t *testing.T) {
	app := model(t)
	whole := manPage(app, app.Node)
	for _, s := range (&settings{}).table() {
		if !strings.Contains(whole, "Variable: "+s.Name+".") {
			t.Errorf("the page of the program says nothing of %s", s.Name)
		}
	}
	leaves := map[string]bool{programName: true}
	for _, leaf := range app.Leaves(true) {
		leaves[leaf.FullPath()] = true
	}
	for command, list := range examples {
		if !leaves[command] {
			t.Errorf("there is no command %s", command)
		}
		for _, e := range list {
			args := strings.Fields(e[0])
			parser, err := newParser(new(commands))
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := parser.Parse(args[1:])
			if err != nil || command != programName && !slices.Contains([]string{command}, parsed.Selected().FullPath()) {
				t.Errorf("%s: %v", e[0], err)
			}
		}
	}
}
