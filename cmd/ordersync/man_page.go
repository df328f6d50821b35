package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// page is a manual page that is being written.
type page struct {
	strings.Builder
	begun bool // something stands in the section
}

// line writes a line of roff.
func (p *page) line(format string, args ...any) { _, _ = fmt.Fprintf(p, format+"\n", args...) }

func (p *page) section(name string) {
	p.line(".SH %s", name)
	p.begun = false
}

// text writes a paragraph.
func (p *page) text(text string) {
	if p.begun { // behind a heading the paragraph begins by itself
		p.line(".PP")
	}
	p.line("%s", roff(text))
	p.begun = true
}

// item writes a term, which is roff, with what it means.
func (p *page) item(term, meaning string) {
	p.line(".TP")
	p.line("%s", term)
	p.line("%s", roff(meaning))
	p.begun = true
}

// roff is a text that roff prints as it is: a backslash, a hyphen that is a minus,
// and a point or an apostrophe at the begin of a line mean something else to it
// (groff_char(7), roff(7)).
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, `-`, `\-`, "`", "\\(ga", "'", `\(aq`, "^", `\(ha`, "~", `\(ti`, "\n", " ").Replace(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	return text
}

// commands lists those below a command.
func (p *page) commands(n *kong.Node) {
	first := true
	for _, child := range n.Children {
		if child.Hidden {
			continue
		}
		if first {
			p.section("COMMANDS")
			first = false
		}
		p.item(`\fB`+roff(pageName(child))+`\fR(1)`, child.Help)
	}
}

func (p *page) arguments(n *kong.Node) {
	if len(n.Positional) > 0 {
		p.section("ARGUMENTS")
	}
	for _, a := range n.Positional {
		p.item(`\fI`+roff(strings.ToUpper(a.Name))+`\fR`, a.Help)
	}
}

// options lists a command's own flags; the program's page has all settings.
func (p *page) options(n *kong.Node, app *kong.Application) {
	p.section("OPTIONS")
	for _, f := range n.Flags {
		if f.Hidden {
			continue
		}
		term := `\fB` + roff("--"+f.Name) + `\fR`
		if f.Short != 0 {
			term = `\fB` + roff("-"+string(f.Short)) + `\fR, ` + term
		}
		if !f.IsBool() {
			term += `=\fI` + roff(placeholder(f)) + `\fR`
		}
		help := f.Help
		if f.HasDefault && f.Default != "" {
			help += " Default: " + f.Default + "."
		}
		if len(f.Envs) > 0 {
			help += " Variable: " + strings.Join(f.Envs, ", ") + "."
		}
		p.item(term, help)
	}
	if n != app.Node {
		p.text("Every setting is a flag too: see ordersync(1).")
	}
}

// placeholder stands for a flag's value.
func placeholder(f *kong.Flag) string {
	if f.PlaceHolder != "" {
		return f.PlaceHolder
	}
	return strings.ToUpper(f.Name)
}

// environment lists the variables that are no settings.
func (p *page) environment() {
	p.section("ENVIRONMENT")
	p.text("The variables of the settings stand beside their flags above. Besides:")
	for _, v := range [][2]string{
		{"NO_COLOR", "Set and not empty: no colours."},
		{"CLICOLOR_FORCE", "Set and not 0: colours in a pipe too."},
		{"TERM", "dumb: no colours, and no line that is written over."},
		{"LC_ALL, LC_MESSAGES, LANG", "The first that is set and not empty says in which language people are spoken to: French where it begins with fr, else English."},
	} {
		p.item(`\fB`+roff(v[0])+`\fR`, v[1])
	}
}

// examples are command lines with what they do, by command.
var examples = map[string][][2]string{
	"ordersync":                    {{"ordersync demo", "See a global run over a fleet with many troubles; nothing is configured."}},
	"ordersync app rotate-secret":  {{"ordersync app rotate-secret", "Get a new client secret; every process uses it within five minutes."}},
	"ordersync backfill":           {{"ordersync backfill acme --since 2025-01-31", "Want the orders of acme from the end of January 2025 on."}},
	"ordersync completion":         {{"ordersync completion bash", "Print the script; in bash: source <(ordersync completion bash)."}},
	"ordersync connect":            {{"ordersync connect acme --marketplace FR", "Make a link by which a seller of Amazon.fr connects."}},
	"ordersync explain":            {{"ordersync explain acme 028-1234567-1234567 --ask-amazon", "Say why the order is not here, and ask Amazon for it."}},
	"ordersync keys create":        {{"ordersync keys create --name cron", "Make an operator's key."}},
	"ordersync man":                {{"ordersync man --into /usr/local/share/man/man1", "Install all pages."}},
	"ordersync orders list":        {{"ordersync orders list --tenant acme --json", "Print all orders as JSON lines."}},
	"ordersync secrets rotate-key": {{"ordersync secrets rotate-key --drop-old", "After a restart with both keys: seal everything under the new one, and forget the old one."}},
	"ordersync serve":              {{"ordersync serve --listen 127.0.0.1:8080 --workers 32", "Serve, and work on 32 connections at once."}},
	"ordersync sim":                {{"ordersync sim --sellers 3 --redirect-uri http://127.0.0.1:8080/api/v1/marketplaces/amazon/oauth/callback", "A simulated Amazon with three sellers who can connect."}},
	"ordersync status":             {{"ordersync status --tenant acme", "See how far acme is, and what needs a human."}},
	"ordersync sync": {
		{"ordersync sync --json", "Do a global run, as a cron does."},
		{"ordersync sync --tenant acme --back-work 0s", "Bring one tenant up to date, and read no history."},
	},
	"ordersync tenants import": {{"ordersync tenants import tenants.jsonl", "Create or change what the file says; each line is all or nothing."}},
	"ordersync tenants set":    {{"ordersync tenants set acme --interval 10m", "Read acme every ten minutes."}},
}

func (p *page) examples(n *kong.Node) {
	list := examples[n.FullPath()]
	if len(list) > 0 {
		p.section("EXAMPLES")
	}
	for _, e := range list {
		p.item(`\fB`+roff(e[0])+`\fR`, e[1])
	}
}

// exits lists the exit codes, or says where they are listed.
func (p *page) exits(whole bool) {
	p.section("EXIT STATUS")
	if !whole {
		p.text("0 when it is done; see ordersync(1).")
		return
	}
	for _, e := range exitCodes {
		p.item(fmt.Sprintf(`\fB%d\fR`, e.code), strings.ToUpper(e.meaning[:1])+e.meaning[1:]+".")
	}
}

// others names the pages of the commands beside and above.
func (p *page) others(n *kong.Node) {
	var names []string
	if n.Parent != nil {
		names = append(names, pageName(n.Parent))
		for _, beside := range n.Parent.Children {
			if beside != n && !beside.Hidden && n.Parent.Parent != nil {
				names = append(names, pageName(beside))
			}
		}
	}
	if len(names) == 0 {
		return
	}
	p.section("SEE ALSO")
	for i, name := range names {
		comma := ","
		if i == len(names)-1 {
			comma = ""
		}
		p.line(".BR %s (1)%s", roff(name), comma)
	}
}
