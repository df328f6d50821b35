package ordersync_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"ordersync"
)

var update = flag.Bool("update", false, "write the generated files anew")

func TestReasonsAreComplete(t *testing.T) {
	seen := map[ordersync.Reason]bool{}
	for _, info := range ordersync.Reasons() {
		row := reflect.ValueOf(info)
		for i := range row.NumField() {
			if row.Field(i).String() == "" {
				t.Errorf("%s: column %s is empty", info.Code, row.Type().Field(i).Name)
			}
		}
		if seen[info.Code] {
			t.Errorf("%s stands twice", info.Code)
		}
		seen[info.Code] = true
		checkCode(t, string(info.Code), info.English, info.French)
		if info.Code.Info() != info {
			t.Errorf("%s finds the row %+v", info.Code, info.Code.Info())
		}
	}
	for _, info := range ordersync.RepairTable() {
		checkCode(t, string(info.Code), info.English, info.French)
		if seen[ordersync.Reason(info.Code)] {
			t.Errorf("%s is a reason and a repair", info.Code)
		}
	}
}

func checkCode(t *testing.T, code, english, french string) {
	t.Helper()
	if !regexp.MustCompile(`^[A-Z]+(_[A-Z]+)*$`).MatchString(code) {
		t.Errorf("%s has an odd shape", code)
	}
	if english == "" || french == "" || english == french {
		t.Errorf("%s: English %q, French %q", code, english, french)
	}
}

// The whole promise to users, in the order of the design.
func TestReasonTable(t *testing.T) {
	const success, partial, skipped, failed = ordersync.StatusSuccess, ordersync.StatusPartial, ordersync.StatusSkipped, ordersync.StatusFailed
	const nobody, tenant, operator, us = ordersync.Nobody, ordersync.Tenant, ordersync.Operator, ordersync.Us
	want := map[ordersync.Reason]struct {
		status      ordersync.Status
		acts, acts2 ordersync.Actor
		again       ordersync.Again
	}{
		"SUCCESS":                  {success, nobody, nobody, ordersync.AgainInterval},
		"AMAZON_RATE_LIMIT":        {partial, nobody, nobody, ordersync.AgainToken},
		"CATCHING_UP":              {partial, nobody, nobody, ordersync.AgainAtOnce},
		"INTERRUPTED":              {partial, nobody, nobody, ordersync.AgainAsBefore},
		"LOCK_UNAVAILABLE":         {skipped, nobody, nobody, ordersync.AgainAsBefore},
		"NOT_CONNECTED":            {skipped, tenant, tenant, ordersync.AgainNever},
		"TOKEN_MISSING":            {skipped, tenant, tenant, ordersync.AgainHourly},
		"TOKEN_REVOKED":            {skipped, nobody, tenant, ordersync.AgainRevoked},
		"PAUSED":                   {skipped, operator, operator, ordersync.AgainResume},
		"ACCESS_DENIED":            {failed, nobody, ordersync.TenantOrOperator, ordersync.AgainBackoff},
		"PLATFORM_DENIED":          {failed, nobody, nobody, ordersync.AgainBackoff},
		"AMAZON_UNAVAILABLE":       {failed, nobody, nobody, ordersync.AgainBackoff},
		"AMAZON_BAD_RESPONSE":      {failed, operator, operator, ordersync.AgainBackoff},
		"REQUEST_REJECTED":         {failed, operator, operator, ordersync.AgainBackoff},
		"CLOCK_SKEW":               {failed, operator, operator, ordersync.AgainBackoff},
		"APP_CREDENTIALS_INVALID":  {failed, operator, operator, ordersync.AgainWhenCured},
		"SECRET_STORE_UNAVAILABLE": {failed, operator, operator, ordersync.AgainBackoff},
		"UNKNOWN_ERROR":            {failed, us, us, ordersync.AgainBackoff},
	}
	if got := len(ordersync.Reasons()); got != len(want) {
		t.Errorf("%d reasons, want %d", got, len(want))
	}
	for code, row := range want {
		info := code.Info()
		if info.Status != row.status || info.Acts != row.acts || info.Acts2 != row.acts2 || info.Again != row.again {
			t.Errorf("%s: %s, %s, %s, %s; want %v", code, info.Status, info.Acts, info.Acts2, info.Again, row)
		}
	}
}

func TestReasonCodesBeginWithTheSeeds(t *testing.T) {
	codes := ordersync.ReasonCodes()
	seed := []string{"SUCCESS", "LOCK_UNAVAILABLE", "NOT_CONNECTED", "TOKEN_MISSING", "INVALID_DATE_FIXED", "AMAZON_RATE_LIMIT", "UNKNOWN_ERROR"}
	if !slices.Equal(codes[:7], seed) {
		t.Errorf("the first seven are %v, want %v", codes[:7], seed)
	}
	if want := len(ordersync.Reasons()) + len(ordersync.RepairTable()); len(codes) != want {
		t.Errorf("%d codes, want %d", len(codes), want)
	}
	slices.Sort(codes)
	if unique := slices.Compact(slices.Clone(codes)); len(unique) != len(codes) {
		t.Errorf("a code stands twice in %v", codes)
	}
	// The seed's sentence is matched by those who read it.
	if got := ordersync.TokenMissing.Info().English; got != "No refresh token in Vault - reconnect Amazon required" {
		t.Errorf("TOKEN_MISSING says %q", got)
	}
}

// The tables are handed out as copies: nobody can change them for others.
func TestReasonTablesCannotBeChanged(t *testing.T) {
	ordersync.Reasons()[0].Code = "CHANGED"
	ordersync.RepairTable()[0].Code = "CHANGED"
	if ordersync.Reasons()[0].Code == "CHANGED" || ordersync.RepairTable()[0].Code == "CHANGED" {
		t.Error("a caller changed the table")
	}
}

func TestUnknownReasonNeedsUs(t *testing.T) {
	info := ordersync.Reason("FROM_A_NEWER_VERSION").Info()
	if info.Status != ordersync.StatusFailed || info.Acts != ordersync.Us || info.Code != "FROM_A_NEWER_VERSION" || info.French == "" {
		t.Errorf("an unknown reason reads as %+v", info)
	}
}

func TestGeneratedReasonsPage(t *testing.T) {
	const path = "docs/reasons.md"
	want := reasonsPage()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the tables say: run make generate", path)
	}
}

// reasonsPage is docs/reasons.md.
func reasonsPage() string {
	var page strings.Builder
	page.WriteString(`<!-- Generated from reason.go and repair.go by make generate; do not edit. -->
# Reasons

Every target of a run ends with one reason. Its status says how far it came: ` +
		"`success`; `partial`: not finished, goes on by itself; `skipped`: not tried; `failed`: tried and could not." + `

Whoever must act is told at once. Where "once confirmed" names somebody else, Amazon's word may still pass: it counts as confirmed when Amazon has said the same twice and apart.

| code | status | what happened | ce qui s'est passé | who acts | once confirmed | tried again |
|---|---|---|---|---|---|---|
`)
	for _, info := range ordersync.Reasons() {
		confirmed := string(info.Acts2)
		if info.Acts2 == info.Acts {
			confirmed = "the same"
		}
		fmt.Fprintf(&page, "| `%s` | `%s` | %s | %s | %s | %s | %s |\n",
			info.Code, info.Status, info.English, info.French, info.Acts, confirmed, info.Again)
	}
	page.WriteString(`
# Repairs

A repair stands beside an outcome, with the value before and after, and is no outcome itself: a tenant whose date was mended reports ` + "`SUCCESS`" + `.

| code | what was mended | ce qui a été réparé |
|---|---|---|
`)
	for _, info := range ordersync.RepairTable() {
		fmt.Fprintf(&page, "| `%s` | %s | %s |\n", info.Code, info.English, info.French)
	}
	return page.String()
}
