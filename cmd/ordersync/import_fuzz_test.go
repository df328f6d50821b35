package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"ordersync"
	"ordersync/internal/engine"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"ordersync/internal/secret"
)

// FuzzImportLine reads any line of an import file: what is taken is within the
// limits, and written anew it reads the same; a refusal is one line that names
// what is wrong, and what looks like a token is not in it.
func FuzzImportLine(f *testing.F) {
	for _, bad := range badLines {
		if len(bad.line) < 4096 {
			f.Add([]byte(bad.line))
		}
	}
	for _, line := range []string{
		`{"tenantId":"acme","region":"eu"}`, `{"tenantId":"acme","displayName":"Acmé \u0000","region":"fe","sellingPartnerId":"A3TH9S8BH6GOGM","marketplaceIds":["A1VC38T7YXB528"],"status":"ERROR","refreshToken":"` + canaryToken + `","authorizedAt":"2026-01-12T02:54:23.5+02:00","personalData":true,"cursor":" 2026-01-12 ","lastSuccessAt":"1970-01-01T00:00:00Z"}`,
		`{"tenantId":"acme","region":"eu","refreshToken":"","cursor":"","marketplaceIds":[],"displayName":null}`, `{"tenantId":"acme","region":"eu","` + canaryToken + `":1}`, `{"tenantId":"acme","region":"eu","marketplaceIds":[null]}`,
	} {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		spec, err := parseImportLine(line)
		if err != nil {
			var said strings.Builder
			_, _ = (&discreet{out: &said}).Write([]byte(err.Error()))
			if err.Error() == "" || plain(err.Error()) != err.Error() || strings.Contains(said.String(), canaryToken) || utf8.RuneCount(line) > 2000 && strings.Contains(err.Error(), string(line)) {
				t.Fatalf("%q is refused with %q", line, &said)
			}
			return
		}
		checkSpec(t, spec)
		again, err := parseImportLine(lineOf(t, spec))
		if err != nil {
			t.Fatalf("%q is taken, but written anew it is refused: %v", line, err)
		}
		reveal := cmp.Transformer("reveal", secret.Secret.Reveal)
		if diff := cmp.Diff(spec, again, reveal, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%q reads another way when it is written anew:\n%s", line, diff)
		}
	})
}

// checkSpec checks what was taken.
func checkSpec(t *testing.T, s engine.ConnectionSpec) {
	t.Helper()
	if _, err := ordersync.ParseTenantID(string(s.Tenant)); err != nil {
		t.Fatalf("tenant: %v", err)
	}
	if _, err := ordersync.ParseRegion(string(s.Region)); err != nil {
		t.Fatalf("region: %v", err)
	}
	if len(s.RefreshToken.Reveal()) > maxRefreshToken || len(s.Cursor) > maxCursor || s.DisplayName != nil && len(*s.DisplayName) > maxDisplayName {
		t.Fatalf("%+v is over the limits", s)
	}
	if strings.ContainsAny(s.RefreshToken.Reveal(), " \r\n\t") || s.Marketplaces != nil && len(*s.Marketplaces) > ordersync.MaxMarketplaces {
		t.Fatalf("%+v is taken", s)
	}
}

// lineOf writes a connection as a line that says the same.
func lineOf(t *testing.T, s engine.ConnectionSpec) []byte {
	t.Helper()
	of := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	l := map[string]any{
		"tenantId": s.Tenant, "region": s.Region, "displayName": s.DisplayName, "sellingPartnerId": of(s.SellerID), "marketplaceIds": s.Marketplaces,
		"refreshToken": of(s.RefreshToken.Reveal()), "personalData": s.PersonalData, "cursor": of(s.Cursor), "status": of(s.State.SeedName()),
	}
	if !s.AuthorizedAt.IsZero() {
		l["authorizedAt"] = s.AuthorizedAt
	}
	if !s.LastSuccessAt.IsZero() {
		l["lastSuccessAt"] = s.LastSuccessAt
	}
	line, err := json.Marshal(l)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// FuzzImportFile cuts any file into lines: every line that is not blank comes
// once, in order, with its number; one that is too long comes without its text.
func FuzzImportFile(f *testing.F) {
	for _, seed := range []string{"", "\n", "a\nb", "\xef\xbb\xbfa\r\n\r\n b \n", "\ufeff\ufeff", "a\x00\n\n\nb\n"} {
		f.Add([]byte(seed), uint16(0), uint32(0))
	}
	f.Add([]byte("a\nb\nc"), uint16(2), uint32(maxImportLine))
	f.Add([]byte("a\nb\nc"), uint16(2), uint32(maxImportLine-1))
	f.Add([]byte("a\nb"), uint16(1), uint32(maxImportLine-2))
	f.Fuzz(func(t *testing.T, file []byte, at uint16, longer uint32) {
		// Somewhere in the file stands a long text.
		place := int(at) % (len(file) + 1)
		file = bytes.Join([][]byte{file[:place], bytes.Repeat([]byte("x"), int(longer)%(2*maxImportLine)), file[place:]}, nil)
		type numbered struct {
			n    int
			text string
		}
		var want, got []numbered
		for i, line := range bytes.SplitAfter(file, []byte("\n")) {
			tooLong := len(line) > maxImportLine
			if i == 0 {
				line = bytes.TrimPrefix(line, []byte("\ufeff"))
			}
			if line = bytes.TrimSpace(line); tooLong {
				line = []byte("too long")
			}
			if len(line) > 0 {
				want = append(want, numbered{i + 1, string(line)})
			}
		}
		err := eachLine(bytes.NewReader(file), func(n int, line []byte, tooLong bool) error {
			if tooLong {
				line = []byte("too long")
			}
			got = append(got, numbered{n, string(line)})
			return nil
		})
		if err != nil || !cmp.Equal(got, want, cmp.AllowUnexported(numbered{})) {
			t.Fatalf("%d lines instead of %d, %v", len(got), len(want), err)
		}
	})
}
