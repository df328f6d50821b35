package ordersync_test

import (
	"strings"
	"testing"

	"ordersync"
)

func TestParseTenantID(t *testing.T) {
	for _, good := range []string{
		"a", "7", "tenant-1", "acme.example", "user@acme.example", "urn:tenant:42", "A_b", "a-", "globally", "GLOBAL-1",
		"0f8fad5b-d9cb-469f-a165-70867728950e", strings.Repeat("a", 128),
	} {
		if got, err := ordersync.ParseTenantID(good); err != nil || string(got) != good {
			t.Errorf("%q reads as %q, %v", good, got, err)
		}
	}
	for _, test := range []struct{ name, raw, want string }{
		{"empty", "", "is empty"},
		{"129 bytes", strings.Repeat("a", 129), "129 bytes"},
		{"10 MB", strings.Repeat("a", 10<<20), "bytes"},
		{"all tenants", "global", "reserved"},
		{"all tenants, capitals", "GLOBAL", "reserved"},
		{"all tenants, the other name", "System-Global", "reserved"},
		{"space", "a b", "byte 2"},
		{"space before", " a", "byte 1"},
		{"line end", "a\n", "byte 2"},
		{"NUL", "a\x00", "byte 2"},
		{"slash", "a/b", "byte 2"},
		{"two dots", "..", "byte 1"},
		{"begins with a sign", "-a", "byte 1"},
		{"begins with @", "@a", "byte 1"},
		{"percent", "a%2f", "byte 2"},
		{"letter of the world", "é", "byte 1"},
		{"Cyrillic a", "t\u0430", "byte 2"},
		{"right-to-left override", "a\u202eb", "byte 2"},
		{"quote", "a'", "byte 2"},
	} {
		got, err := ordersync.ParseTenantID(test.raw)
		if err == nil || got != "" || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %q, %v; want an error with %q", test.name, got, err, test.want)
			continue
		}
		if strings.ContainsAny(err.Error(), "\x00\n\u202e") || len(err.Error()) > 500 {
			t.Errorf("%s: the error shows the id as it came: %q", test.name, err)
		}
	}
}
