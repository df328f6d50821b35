package ordersync_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is this module's path, and the import path of the root room.
const module = "ordersync"

// rooms says which rooms each room may import: the folder, then the folders it
// sees. A folder with Go files that is not here fails the build: a new room
// needs a row, and a sentence in doc.go.
var rooms = map[string][]string{
	".":                        {},
	"internal/spapi":           {"."},
	"internal/store":           {"."},
	"internal/store/storetest": {".", "internal/store"},
	"internal/secret":          {"."},
	"internal/spapisim":        {}, // not even the root: it must not share a misreading with the client
	"internal/queue":           {},
	"internal/engine":          {".", "internal/store", "internal/spapi", "internal/secret", "internal/queue"},
	"internal/engine/truth":    {".", "internal/spapisim"},
	"internal/leak":            {},
	// The simulation of promises: tests only.
	"internal/engine/simulation": {".", "internal/engine", "internal/store", "internal/spapi", "internal/secret"},
	"internal/httpapi":           {".", "internal/engine", "internal/store"},
	"internal/web":               {".", "internal/engine", "internal/store"},
	"internal/telemetry":         {".", "internal/store", "internal/spapi"},
	"cmd/ordersync": {
		".", "internal/spapi", "internal/store", "internal/secret", "internal/queue", "internal/spapisim",
		"internal/engine", "internal/httpapi", "internal/web", "internal/telemetry", "internal/store/storetest",
	},
}

// testRooms may be imported by the tests of every room besides.
var testRooms = []string{"internal/spapisim", "internal/store/storetest", "internal/engine/truth", "internal/leak"}

// doors hold only a Reader, which cannot write.
var doors = []string{"internal/httpapi", "internal/web"}

// writers are the names of internal/store that doors may not say.
var writers = []string{"Store", "Open"}

// kept lists outside packages that live in a few places: the import path or its
// beginning, and the folders or files that may have it.
var kept = []struct {
	prefix string
	places []string
	why    string
}{
	// A doorbell is rung in the store's own transaction, whose type it must name.
	{"database/sql", append(slices.Clone(storeRooms), "internal/engine/jobs.go"), "the store is the only SQL"},
	{"github.com/jackc/pgx", storeRooms, "the store is the only SQL"},
	{"github.com/lib/pq", storeRooms, "the store is the only SQL"},
	{"modernc.org/sqlite", storeRooms, "the store is the only SQL"},
	{"github.com/mattn/go-sqlite3", nil, "it needs a C compiler"},
	{"github.com/riverqueue/river", []string{"internal/engine/jobs.go"}, "River is the doorbell and nothing else"},
	{"github.com/danielgtaylor/huma", []string{"internal/httpapi"}, "the HTTP framework stays at its door"},
	{"github.com/tink-crypto", []string{"internal/secret"}, "one room seals"},
	{"github.com/prometheus", []string{"internal/telemetry", "cmd/ordersync/watching.go"}, "metrics are made in one room"},
	{"go.opentelemetry.io", []string{"internal/telemetry", "cmd/ordersync/traces_test.go"}, "traces are made in one room"},
	{"github.com/aws", []string{"internal/queue"}, "AWS's types stay where its queue is read"},
	{"github.com/hashicorp", []string{"internal/secret"}, "Vault's types stay where secrets are kept"},
}

var storeRooms = []string{"internal/store", "internal/store/storetest"}

// outsideWorld is what the root may not import though it is standard: the
// language does no I/O.
var outsideWorld = []string{"os", "net", "io/fs", "database", "syscall", "log", "embed"}

// nobodysNames say nothing about what is inside.
var nobodysNames = regexp.MustCompile(`^(utils?|helpers?|misc|common|base|shared|services?|models?|repositor(y|ies)|managers?|types)$`)

// source is one parsed Go file.
type source struct {
	path    string // from the module's root, with slashes
	room    string // its folder
	test    bool
	file    *ast.File
	imports []string
}

// sources parses every Go file of the module.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() {
			if name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "bin" || base == "node_modules" || nested(name)) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		s := source{path: filepath.ToSlash(name), test: strings.HasSuffix(base, "_test.go"), file: file}
		s.room = path.Dir(s.path)
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, imported)
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 20 {
		t.Fatalf("only %d files found: this test must run in the module's root", len(all))
	}
	return all
}

// nested tells whether a folder is a module of its own, such as the Vault of the
// tests: nothing of ours can import it, and it imports nothing of ours.
func nested(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// roomOf is the room of an import path of ours; false for all others.
func roomOf(imported string) (string, bool) {
	if imported == module {
		return ".", true
	}
	return strings.CutPrefix(imported, module+"/")
}

func TestRoomsImportOneWay(t *testing.T) {
	for _, s := range sources(t) {
		may, known := rooms[s.room]
		if !known {
			t.Errorf("%s: %s is no room: give it a row in imports_test.go and a sentence in doc.go, or make it a file", s.path, s.room)
			continue
		}
		for _, imported := range s.imports {
			room, ours := roomOf(imported)
			switch {
			case !ours, slices.Contains(may, room):
			case s.test && (room == s.room || slices.Contains(testRooms, room)):
			default:
				t.Errorf("%s imports %s: %s may import of ours only %v", s.path, imported, s.room, may)
			}
		}
	}
}

// What only tests may use would otherwise end in the binary.
func TestTestRoomsStayInTests(t *testing.T) {
	for _, s := range sources(t) {
		for _, room := range []string{"internal/store/storetest", "internal/engine/truth", "internal/leak"} {
			if !s.test && slices.Contains(s.imports, module+"/"+room) {
				t.Errorf("%s imports %s and is no test", s.path, room)
			}
		}
	}
}

func TestOutsidePackagesLiveInOneRoom(t *testing.T) {
	for _, s := range sources(t) {
		for _, imported := range s.imports {
			for _, k := range kept {
				if within(imported, k.prefix) && !slices.Contains(k.places, s.room) && !slices.Contains(k.places, s.path) {
					t.Errorf("%s imports %s: %s; it belongs into %v", s.path, imported, k.why, k.places)
				}
			}
		}
	}
}

// within tells whether an import path is prefix, lies below it, or continues its
// last element, as riverqueue/river/riverdriver and huma/v2 do.
func within(imported, prefix string) bool {
	return imported == prefix || strings.HasPrefix(imported, prefix+"/") ||
		strings.Contains(prefix, ".") && strings.HasPrefix(imported, prefix)
}

func TestRootIsStandardAndDoesNoIO(t *testing.T) {
	for _, s := range sources(t) {
		if s.room != "." || s.test {
			continue
		}
		for _, imported := range s.imports {
			first, _, _ := strings.Cut(imported, "/")
			if strings.Contains(first, ".") || first == module {
				t.Errorf("%s imports %s: the language needs the standard library only", s.path, imported)
			}
			if slices.ContainsFunc(outsideWorld, func(p string) bool { return imported == p || strings.HasPrefix(imported, p+"/") }) {
				t.Errorf("%s imports %s: the language does no I/O", s.path, imported)
			}
		}
	}
}

func TestDoorsHoldOnlyAReader(t *testing.T) {
	for _, s := range sources(t) {
		if !slices.Contains(doors, s.room) || s.test {
			continue
		}
		ast.Inspect(s.file, func(node ast.Node) bool {
			if selector, ok := node.(*ast.SelectorExpr); ok && slices.Contains(writers, selector.Sel.Name) {
				if of, ok := selector.X.(*ast.Ident); ok && of.Name == "store" {
					t.Errorf("%s says store.%s: a door may only read", s.path, selector.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestNoInit(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, decl := range s.file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init: what happens at start is written in cmd/ordersync, where it is seen", s.path)
			}
		}
	}
}

func TestNamesSaySomething(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue // it may test against Amazon's models
		}
		name := strings.TrimSuffix(path.Base(s.path), ".go")
		names := append(strings.Split(s.room, "/"), name)
		if slices.ContainsFunc(names, nobodysNames.MatchString) {
			t.Errorf("%s: name it after what it holds", s.path)
		}
		// `ordersync config` is a command, and every command has its file.
		if slices.Contains(names, "config") && s.path != "cmd/ordersync/config.go" {
			t.Errorf("%s: settings are read in cmd/ordersync and handed down as small structs", s.path)
		}
	}
}

// The first page of the documentation names every room.
func TestDocNamesEveryRoom(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources(t) {
		if s.room != "." && s.room != "internal/store/storetest" && !strings.Contains(string(doc), s.room+":") {
			t.Errorf("doc.go has no sentence on %s", s.room)
			return
		}
	}
}
