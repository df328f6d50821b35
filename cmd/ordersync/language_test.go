package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"ordersync"
	"ordersync/internal/spapisim"
)

// The first of the setting, LC_ALL, LC_MESSAGES and LANG that is not empty counts.
func TestLanguageOf(t *testing.T) {
	for _, c := range []struct {
		setting string
		env     variables
		want    language
	}{
		{"", nil, ""},
		{"", variables{"LANG": "fr_FR.UTF-8"}, french},
		{"", variables{"LANG": "fr"}, french},
		{"", variables{"LANG": "fr_CA@euro"}, french},
		{"", variables{"LANG": "FR-be"}, french},
		{"", variables{"LANG": "frr_DE.UTF-8"}, ""}, // Frisian
		{"", variables{"LANG": "en_US.UTF-8"}, ""},
		{"", variables{"LANG": "fr_FR", "LC_ALL": "C"}, ""},
		{"", variables{"LANG": "fr_FR", "LC_ALL": ""}, french},
		{"", variables{"LANG": "fr_FR", "LC_MESSAGES": "de_DE"}, ""},
		{"", variables{"LANG": "de_DE", "LC_MESSAGES": "fr_FR"}, french},
		{"", variables{"LANG": "de_DE", "LC_MESSAGES": "de_DE", "LC_ALL": "fr_CH.UTF-8"}, french},
		{"", variables{"LC_TIME": "fr_FR"}, ""},
		{"en", variables{"LC_ALL": "fr_FR"}, ""},
		{"fr", variables{"LC_ALL": "C"}, french},
	} {
		if got := languageOf(c.setting, c.env.get); got != c.want {
			t.Errorf("%q, %v: %q, want %q", c.setting, c.env, got, c.want)
		}
	}
}

// spoken are the texts that the program gives to tr, say, counted and columns.
func spoken(t *testing.T) (texts, nouns map[string]bool) {
	t.Helper()
	texts, nouns = map[string]bool{}, map[string]bool{}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	note := func(e ast.Expr, in map[string]bool) {
		if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
			text, err := strconv.Unquote(l.Value)
			if err != nil {
				t.Fatal(err)
			}
			if text != "" {
				in[text] = true
			}
		}
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				called, ok := n.Fun.(*ast.SelectorExpr)
				switch {
				case !ok || len(n.Args) == 0:
				case slices.Contains([]string{"tr", "say", "word", "meter"}, called.Sel.Name):
					note(n.Args[0], texts)
				case called.Sel.Name == "counted" && len(n.Args) == 2:
					note(n.Args[1], nouns)
				}
			case *ast.CompositeLit:
				kind, named := n.Type.(*ast.Ident)
				list, listed := n.Type.(*ast.ArrayType)
				if listed {
					kind, named = list.Elt.(*ast.Ident)
				}
				switch {
				case !named:
				case kind.Name == "column":
					for _, e := range n.Elts {
						if pair, ok := e.(*ast.KeyValueExpr); ok && pair.Key.(*ast.Ident).Name == "head" {
							note(pair.Value, texts)
						}
					}
				case kind.Name == "fact" && listed:
					for _, e := range n.Elts {
						note(e.(*ast.CompositeLit).Elts[0], texts)
					}
				case kind.Name == "fact":
					note(n.Elts[0], texts)
				}
			}
			return true
		})
	}
	return texts, nouns
}

var verb = regexp.MustCompile(`%(\[\d\])?[.0-9]*[a-z%]`)

// verbs are those of a format, in the order of what they print.
func verbs(format string) []string {
	var out []string
	for n, found := range verb.FindAllString(format, -1) {
		if found[1] != '[' {
			found = "%[" + strconv.Itoa(n+1) + "]" + found[1:]
		}
		out = append(out, found)
	}
	slices.Sort(out)
	return out
}

// Everything that is said to people has its French, which fills in the same.
func TestEverythingIsSaidInFrench(t *testing.T) {
	texts, nouns := spoken(t)
	if len(texts) < 80 || len(nouns) < 4 {
		t.Errorf("only %d texts and %d nouns were found", len(texts), len(nouns))
	}
	for text := range texts {
		if frenchTexts[text] == "" {
			t.Errorf("no French for %q", text)
		}
	}
	for noun := range nouns {
		if frenchNouns[noun] == "" {
			t.Errorf("no French for the noun %q", noun)
		}
	}
	for english, text := range frenchTexts {
		if !slices.Equal(verbs(english), verbs(text)) {
			t.Errorf("%q fills in something else than %q", text, english)
		}
	}
	for _, one := range frenchSentences {
		if !slices.Equal(verbs(one.english), verbs(one.french)) {
			t.Errorf("%q fills in something else than %q", one.french, one.english)
		}
	}
	for _, r := range ordersync.Reasons() {
		for _, a := range []ordersync.Actor{r.Acts, r.Acts2} {
			if frenchTexts[string(a)] == "" {
				t.Errorf("no French for who acts: %s", a)
			}
		}
		if french.sentence(r.English) != r.French {
			t.Errorf("%s is said otherwise than in the table of reasons", r.Code)
		}
	}
}

func TestStatusesInFrench(t *testing.T) {
	if got := french.statuses(2, "failed") + ", " + french.statuses(1, "failed") + ", " + french.statuses(0, "partial") + ", " + french.statuses(3, "success"); got != "2 échecs, 1 échec, 0 partiel, 3 succès" {
		t.Error(got)
	}
	if got := language("").statuses(2, "failed"); got != "2 failed" {
		t.Error(got)
	}
}

func TestCountedInFrench(t *testing.T) {
	for n, want := range map[int]string{0: "0 commande", 1: "1 commande", 2: "2 commandes"} {
		if got := french.counted(n, "order"); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

func TestSentences(t *testing.T) {
	for english, want := range map[string]string{
		"connection 3 (eu) has it: first stored A, last changed here B, at Amazon C.": "la connexion 3 (eu) l'a : enregistrée d'abord A, modifiée ici en dernier B, chez Amazon C.",
		"connection 3 (eu) does not have it: nothing was read yet.":                   "la connexion 3 (eu) ne l'a pas : rien n'a encore été lu.",
		"connection 3 (eu) does not have it: changes up to A were read, without a gap from B on, 2 gaps of the history that is wanted are still to be read, the last reading ended with TOKEN_MISSING.": "la connexion 3 (eu) ne l'a pas : les changements jusqu'à A ont été lus, sans trou depuis B, 2 trous de l'historique voulu restent à lire, la dernière lecture s'est terminée par TOKEN_MISSING.",
		"2 of 3 connections that were tried are well; acme: No refresh token in Vault - reconnect Amazon required":                                                                                      "2 connexions sur 3 essayées vont bien ; acme : Aucun jeton d'actualisation dans Vault - reconnexion à Amazon nécessaire",
		"Amazon says that the seller's authorisation is no longer valid: it was given on 2025-01-31 and lasts 365 days":                                                                                 "Amazon indique que l'autorisation du vendeur n'est plus valable : elle a été donnée le 2025-01-31 et dure 365 jours",
		"Amazon's answer cannot be read or goes in circles: a walk goes in circles":                                                                                                                     "la réponse d'Amazon est illisible ou tourne en rond : une lecture tourne en rond",
		"something that only a driver says": "something that only a driver says",
	} {
		if got := french.sentence(english); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", english, got, want)
		}
		if got := language("").sentence(english); got != english {
			t.Errorf("in English: %s", got)
		}
	}
}

// englishWords would be left of a sentence without its French.
var englishWords = regexp.MustCompile(`(?i)\b(the|is|was|were|of|and|by|with|has|no|yes|since|until|nothing|set|read)\b`)

// What people read in French holds no English; JSON is the same in both.
func TestFrench(t *testing.T) {
	onSQLite(t, func(p *program) {
		p.troubled()
		paused, pausedToken := p.seller("na", spapisim.Generate{N: 130, From: p.now().Add(-20 * time.Hour), To: p.now().Add(-time.Hour), Items: 1})
		odd, oddToken := p.seller("fe")
		p.must(p.sim.AddOrders(odd.Key, spapisim.Placed{Order: oddOrder(p.now()), Damage: spapisim.DamageNoItems}))
		p.imports(line{"tenantId": "idle", "region": "na", "sellingPartnerId": paused.ID, "refreshToken": pausedToken},
			line{"tenantId": "odd", "region": "fe", "sellingPartnerId": odd.ID, "refreshToken": oddToken}, line{"tenantId": "pending", "region": "eu"})
		p.sync(exitOK)
		p.ok(p.run("tenants", "pause", "idle"))
		fr := variables{"LC_MESSAGES": "fr_FR.UTF-8"}
		for _, command := range []string{
			"status", "sync --fail-on never --back-work 0s", "doctor", "tenants list", "tenants show idle", "tenants show odd", "explain idle 1", "explain missing 1", "explain odd 701-0000003-0000003",
			"explain acme 1 --ask-amazon", "explain pending 1", "keys list", "authorizations", "backfill idle --since " + p.now().AddDate(0, 0, -30).UTC().Format(time.DateOnly),
			"orders list --tenant idle", "app show",
		} {
			a := p.inLocale(fr, strings.Fields(command)...)
			if a.code == exitUsage || a.code == exitNotDone {
				t.Fatalf("%s: %+v", command, a)
			}
			text := regexp.MustCompile("`[^`]*`|[A-Z_]{4,}").ReplaceAllString(a.out+a.err, "")
			text = strings.ReplaceAll(text, "orderItems: expected array, found nothing", "") // a cause, as the decoder has it
			if found := englishWords.FindAllString(text, -1); found != nil {
				t.Errorf("%s says in French %q:\n%s", command, found, a.out+a.err)
			}
		}
		status := p.inLocale(fr, "status")
		for _, words := range []string{"Ce qu'un humain doit faire", "(à qui d'agir : client)", ordersync.TokenRevoked.Info().French, "DERNIER SUCCÈS", "suspendu"} {
			if !strings.Contains(status.out, words) {
				t.Errorf("%q is missing in\n%s", words, status.out)
			}
		}
		for _, command := range []string{"status --json", "doctor --json", "explain idle 1 --json"} {
			if a, b := p.inLocale(fr, strings.Fields(command)...), p.run(strings.Fields(command)...); normal(a.out) != normal(b.out) {
				t.Errorf("%s differs:\n%s\n%s", command, a.out, b.out)
			}
		}
		if a := p.inLocale(fr, "status", "--lang", "en"); !strings.Contains(a.out, "What a human must do") {
			t.Errorf("--lang en: %s", a.out)
		}
		if a := p.run("status", "--lang", "fr"); !strings.Contains(a.out, "Ce qu'un humain doit faire") {
			t.Errorf("--lang fr: %s", a.out)
		}
	})
}

// inLocale runs a command with variables of the environment.
func (p *program) inLocale(env variables, args ...string) answer {
	var out, talk strings.Builder
	code := run(p.t.Context(), append(p.settings(), args...), outside{in: strings.NewReader(""), out: &out, err: &talk, now: p.now, env: env.get})
	p.watch.Say("what the command printed", out.String())
	p.logged("what the command said", talk.String())
	return answer{code, out.String(), talk.String()}
}
