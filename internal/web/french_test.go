package web

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// saidInGo and saidInPages find what is said in a language.
var (
	saidInGo    = regexp.MustCompile(`\b(?:v\.TN?|v\.words\.(?:say|count)|wrong)\(([^)]*)`)
	saidInPages = regexp.MustCompile(`\btn? (?:[.$\w]+ )*("(?:[^"\\]|\\.)*")(?: ("(?:[^"\\]|\\.)*"))?`)
	quoted      = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
)

// checkFrench wants every sentence of these files to have its French one.
func checkFrench(t *testing.T, files ...string) {
	t.Helper()
	found := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		said := saidInPages
		if strings.HasSuffix(name, ".go") {
			said = saidInGo
		}
		for _, call := range said.FindAllString(string(text), -1) {
			for _, m := range quoted.FindAllStringSubmatch(call, -1) {
				found++
				if _, ok := french(m[1]); !ok && strings.ContainsFunc(strings.ReplaceAll(m[1], "%s", ""), func(r rune) bool { return r >= 'A' }) {
					t.Errorf("%s: no French for %q", name, m[1])
				}
			}
		}
	}
	if found < 5*len(files) {
		t.Errorf("only %d sentences were found in %v", found, files)
	}
}
