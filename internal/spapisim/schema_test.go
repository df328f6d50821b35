package spapisim_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// swagger is as much of an OpenAPI 2.0 model as the checker needs.
type swagger struct {
	Definitions map[string]*schema `json:"definitions"`
	Paths       map[string]map[string]struct {
		Responses map[string]struct {
			Schema *schema `json:"schema"`
		} `json:"responses"`
	} `json:"paths"`
}

type schema struct {
	Ref        string             `json:"$ref"`
	Type       string             `json:"type"`
	Format     string             `json:"format"`
	Pattern    string             `json:"pattern"`
	Required   []string           `json:"required"`
	Enum       []any              `json:"enum"`
	Properties map[string]*schema `json:"properties"`
	Items      *schema            `json:"items"`
}

// modelFile reads one of Amazon's models. There is no skipping: without the
// models nothing says that the simulator answers as Amazon does.
func modelFile(t testing.TB, name string) []byte {
	t.Helper()
	dir := os.Getenv("ORDERSYNC_SPAPI_MODELS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "spapi")
	}
	body, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatalf("Amazon's model %s is needed: %v.\nAmazon publishes it at https://github.com/amzn/selling-partner-api-models; "+
			"put the file into a folder and name the folder in ORDERSYNC_SPAPI_MODELS.", name, err)
	}
	return body
}

var modelCache sync.Map

func model(t testing.TB, name string) *swagger {
	t.Helper()
	if m, ok := modelCache.Load(name); ok {
		return m.(*swagger)
	}
	var m swagger
	if err := json.Unmarshal(modelFile(t, name), &m); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	modelCache.Store(name, &m)
	return &m
}

// checkAnswer holds the answer to a GET against the model's schema for its
// status.
func checkAnswer(t testing.TB, file, path string, status int, body []byte) {
	t.Helper()
	checkMethod(t, file, "get", path, status, body)
}

func checkMethod(t testing.TB, file, method, path string, status int, body []byte) {
	t.Helper()
	m := model(t, file)
	response, ok := m.Paths[path][method].Responses[fmt.Sprint(status)]
	if !ok {
		t.Errorf("%s: the model has no answer %d", path, status)
		return
	}
	if response.Schema == nil {
		if len(body) > 0 {
			t.Errorf("%s %d: the model has no body: %s", path, status, clip(body))
		}
		return
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		t.Errorf("%s %d: %v\n%s", path, status, err, clip(body))
		return
	}
	var faults []string
	m.check(response.Schema, value, "$", &faults)
	if len(faults) > 0 {
		t.Errorf("%s %d does not fit the model:\n%s\n%s", path, status, strings.Join(faults[:min(len(faults), 10)], "\n"), clip(body))
	}
}

func clip(body []byte) string { return string(body[:min(len(body), 2000)]) }

func (m *swagger) check(s *schema, value any, at string, faults *[]string) {
	fail := func(format string, args ...any) {
		*faults = append(*faults, at+": "+fmt.Sprintf(format, args...))
	}
	if s.Ref != "" {
		def := m.Definitions[strings.TrimPrefix(s.Ref, "#/definitions/")]
		if def == nil {
			fail("no definition %s", s.Ref)
			return
		}
		m.check(def, value, at, faults)
		return
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, value) {
		fail("%v is not one of %v", value, s.Enum)
	}
	switch s.Type {
	case "object", "":
		object, ok := value.(map[string]any)
		if !ok {
			fail("%T instead of an object", value)
			return
		}
		for _, name := range s.Required {
			if _, ok := object[name]; !ok {
				fail("%s is missing", name)
			}
		}
		for name, member := range object {
			p := s.Properties[name]
			if p == nil {
				fail("%s is not in the model", name)
				continue
			}
			m.check(p, member, at+"."+name, faults)
		}
	case "array":
		list, ok := value.([]any)
		if !ok {
			fail("%T instead of a list", value)
			return
		}
		for i, member := range list {
			m.check(s.Items, member, fmt.Sprintf("%s[%d]", at, i), faults)
		}
	case "string":
		text, ok := value.(string)
		if !ok {
			fail("%T instead of a string", value)
			return
		}
		if s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(text) {
			fail("%q does not match %s", text, s.Pattern)
		}
		if _, err := time.Parse(time.RFC3339, text); s.Format == "date-time" && err != nil {
			fail("%v", err)
		}
	case "integer":
		if n, ok := value.(float64); !ok || n != math.Trunc(n) {
			fail("%v is no integer", value)
		}
	case "number":
		if _, ok := value.(float64); !ok {
			fail("%v is no number", value)
		}
	case "boolean":
		if _, ok := value.(bool); !ok {
			fail("%v is no boolean", value)
		}
	default:
		fail("the checker does not know type %q", s.Type)
	}
}

// TestSchemaChecker makes sure that the checker can fail.
func TestSchemaChecker(t *testing.T) {
	m := model(t, "orders_2026-01-01.json")
	order := &schema{Ref: "#/definitions/Order"}
	for _, c := range []struct{ name, body, fault string }{
		{"missing", `{"orderId":"1","createdTime":"2026-01-01T00:00:00Z","lastUpdatedTime":"2026-01-01T00:00:00Z","orderItems":[]}`, "salesChannel is missing"},
		{"type", `{"orderId":1}`, "$.orderId: float64 instead of a string"},
		{"date", `{"createdTime":"yesterday"}`, "$.createdTime: parsing time"},
		{"enum", `{"fulfillment":{"fulfillmentStatus":"LOST"}}`, "$.fulfillment.fulfillmentStatus: LOST is not one of"},
		{"unknown", `{"colour":1}`, "colour is not in the model"},
		{"list", `{"orderItems":{}}`, "$.orderItems: map[string]interface {} instead of a list"},
		{"integer", `{"orderItems":[{"quantityOrdered":1.5}]}`, "$.orderItems[0].quantityOrdered: 1.5 is no integer"},
	} {
		var value any
		if err := json.Unmarshal([]byte(c.body), &value); err != nil {
			t.Fatal(err)
		}
		var faults []string
		m.check(order, value, "$", &faults)
		if !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, c.fault) }) {
			t.Errorf("%s: %q not among %q", c.name, c.fault, faults)
		}
	}
}
