package httpapi_test

import (
	"strings"
	"testing"

	"ordersync/internal/httpapi"
	"ordersync/internal/store/storetest"
)

// Users generate clients from this document: what changes here changes for them.
func TestGeneratedOpenAPI(t *testing.T) {
	w := newWorld(t, storetest.SQLite)
	a := w.get("/openapi.json")
	if a.want(200)["openapi"] != "3.1.0" {
		t.Error("it is no OpenAPI 3.1")
	}
	for _, word := range []string{"$schema", "ErrorModel", "ErrorDetail"} {
		if strings.Contains(a.text, word) {
			t.Errorf("it says %s", word)
		}
	}
	wantFile(t, "openapi.json", a.text, *update)
}

// Every reference in the document leads somewhere, and every operation tells
// what it answers when something is wrong.
func TestDocumentIsWhole(t *testing.T) {
	onSQLite(t, func(w *world) {
		document := w.get("/openapi.json").want(200)
		schemas := document["components"].(object)["schemas"].(object)
		var walk func(at string, v any)
		walk = func(at string, v any) {
			switch v := v.(type) {
			case object:
				if ref, ok := v["$ref"].(string); ok && schemas[strings.TrimPrefix(ref, "#/components/schemas/")] == nil {
					t.Errorf("%s: %s leads nowhere", at, ref)
				}
				for name, child := range v {
					walk(at+"/"+name, child)
				}
			case []any:
				for _, child := range v {
					walk(at, child)
				}
			}
		}
		walk("", document)
		for path, item := range document["paths"].(object) {
			for method, op := range item.(object) {
				if op.(object)["responses"].(object)["default"] == nil || op.(object)["summary"] == "" {
					t.Errorf("%s %s does not say enough", method, path)
				}
			}
		}
	})
}

// A handler without what it needs is refused at once.
func TestIncompleteConfig(t *testing.T) {
	if _, err := httpapi.New(httpapi.Config{}); err == nil {
		t.Error("nothing was missing")
	}
}
