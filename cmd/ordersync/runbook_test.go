package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"ordersync"
)

const (
	runbook    = "../../docs/runbook/"
	alertRules = "../../deploy/prometheus/alerts.yml"
	alertTests = "../../deploy/prometheus/alerts_test.yml"
	grafana    = "../../deploy/grafana/ordersync.json"
)

var (
	alertName  = regexp.MustCompile(`(?m)^ +- alert: (\w+)$`)
	runbookURL = regexp.MustCompile(`(?m)^ +runbook_url: (\S+)$`)
)

// alerts are the names of all alerts.
func alerts(t *testing.T) (names []string) {
	t.Helper()
	for _, found := range alertName.FindAllStringSubmatch(pageText(t, alertRules), -1) {
		names = append(names, found[1])
	}
	if len(names) < 10 {
		t.Fatalf("only %d alerts were found", len(names))
	}
	return names
}

// Every alert and every reason has its page, and every page is of one.
func TestRunbookHasAPageForEachAlertAndReason(t *testing.T) {
	wanted := alerts(t)
	for _, info := range ordersync.Reasons() {
		wanted = append(wanted, string(info.Code))
	}
	list := pageText(t, runbook+"README.md")
	for _, name := range wanted {
		text := pageText(t, runbook+name+".md")
		if !strings.HasPrefix(text, "# "+name+": ") || !strings.Contains(list, "("+name+".md)") {
			t.Errorf("%s: the page has another title, or is not in the list", name)
		}
		at := 0
		for _, section := range []string{"\n## Symptom\n", "\n## Cause\n", "\n## Check\n", "\n## Cure\n"} {
			found := strings.Index(text, section)
			if found <= at {
				t.Errorf("%s: no section%s, or in another order", name, section)
			}
			at = found
		}
	}
	files, err := filepath.Glob(runbook + "*.md")
	if err != nil || len(files) != len(wanted)+1 {
		t.Errorf("%d pages for %d alerts and reasons: %v", len(files)-1, len(wanted), err)
	}
}

// Every alert links to its page, and has a case that fires and one that does not.
func TestAlertsLeadToTheirPagesAndAreTested(t *testing.T) {
	names, tests := alerts(t), pageText(t, alertTests)
	urls := runbookURL.FindAllStringSubmatch(pageText(t, alertRules), -1)
	if len(urls) != len(names) {
		t.Fatalf("%d links for %d alerts", len(urls), len(names))
	}
	for i, name := range names {
		if urls[i][1] != "docs/runbook/"+name+".md" {
			t.Errorf("%s leads to %s", name, urls[i][1])
		}
		cases := regexp.MustCompile(`alertname: `+name+"\n +exp_alerts:(.*)\n").FindAllStringSubmatch(tests, -1)
		fires := slices.ContainsFunc(cases, func(c []string) bool { return c[1] == "" })
		silent := slices.ContainsFunc(cases, func(c []string) bool { return c[1] == " []" })
		if !fires || !silent {
			t.Errorf("%s: a case that fires %t, a silent one %t", name, fires, silent)
		}
	}
}

// The commands of the pages are commands of this program.
func TestRunbookCommandsCanBeTyped(t *testing.T) {
	files, err := filepath.Glob(runbook + "*.md")
	if err != nil {
		t.Fatal(err)
	}
	typed := regexp.MustCompile("(?m)(?:^|`)" + programName + " ([^`|\n]+)")
	n := 0
	for _, file := range files {
		for _, found := range typed.FindAllStringSubmatch(pageText(t, file), -1) {
			n++
			var c commands
			parser, err := kong.New(&c, kong.Name(programName), kong.Exit(func(int) {}))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := parser.Parse(strings.Fields(found[1])); err != nil && !strings.HasPrefix(err.Error(), "expected ") { // the name of a command alone
				t.Errorf("%s: ordersync %s: %v", filepath.Base(file), found[1], err)
			}
		}
	}
	if n < 50 {
		t.Errorf("only %d commands were found", n)
	}
}

// measured are the metrics of a scrape, each with its labels.
func measured(scrape string) map[string][]string {
	out := map[string][]string{}
	label := regexp.MustCompile(`([a-z_]+)="`)
	for line := range strings.Lines(scrape) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if base, labels, found := strings.Cut(strings.TrimSpace(line), "{"); found && !strings.Contains(base, " ") {
			name, rest = base, labels
		}
		for _, found := range label.FindAllStringSubmatch(rest, -1) {
			out[name] = append(out[name], found[1])
		}
		out[name] = append(out[name], "") // it exists, also without labels
	}
	return out
}

var (
	selector = regexp.MustCompile(`\b((?:ordersync|go|process)_[a-z0-9_]+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`([a-z_]+)\s*(?:=~|!~|!=|=)`)
)

// wantMeasured: an expression uses metrics and labels that are measured.
func wantMeasured(t *testing.T, where, expression string, have map[string][]string) {
	t.Helper()
	for _, found := range selector.FindAllStringSubmatch(expression, -1) {
		labels, there := have[found[1]]
		if !there {
			t.Errorf("%s: nothing is measured as %s", where, found[1])
		}
		for _, label := range matcher.FindAllStringSubmatch(found[2], -1) {
			if there && !slices.Contains(labels, label[1]) {
				t.Errorf("%s: %s has no label %s", where, found[1], label[1])
			}
		}
	}
}

// Alerts, the dashboard and the page on metrics speak of what is measured, and the page
// of everything that is.
func TestAlertsAndDashboardUseWhatIsMeasured(t *testing.T) {
	onSQLite(t, func(p *program) {
		_, scrape := p.worked()
		have := measured(scrape)
		wantMeasured(t, "alerts.yml", regexp.MustCompile(`(?m)^ *#.*$`).ReplaceAllString(pageText(t, alertRules), ""), have)
		text, err := os.ReadFile(grafana)
		p.must(err)
		var dashboard struct {
			UID    string
			Panels []struct {
				Type, Title, Description string
				Targets                  []struct{ Expr string }
			}
		}
		p.must(json.Unmarshal(text, &dashboard))
		expressions := 0
		for _, panel := range dashboard.Panels {
			if panel.Type != "row" && (len(panel.Targets) == 0 || panel.Description == "") {
				t.Errorf("the panel %q has no query, or does not say what it shows", panel.Title)
			}
			for _, target := range panel.Targets {
				expressions++
				wantMeasured(t, panel.Title, target.Expr, have)
			}
		}
		if expressions < 30 {
			t.Errorf("only %d queries were found", expressions)
		}
		page := pageText(t, "../../docs/observing.md")
		for name := range have {
			base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
			short := regexp.MustCompile(`^ordersync_orders(_\w+_total)$`).ReplaceAllString(base, "…$1")
			if strings.HasPrefix(base, "ordersync_") && !strings.Contains(page, "`"+base+"`") && !strings.Contains(page, "`"+short+"`") {
				t.Errorf("docs/observing.md says nothing of %s", base)
			}
		}
	})
}
