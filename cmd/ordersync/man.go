package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"
)

// manCommand prints manual pages.
type manCommand struct {
	Command []string `arg:"" optional:"" help:"The command whose page is printed; none: the program's."`
	Into    string   `help:"Write all pages into this folder instead." placeholder:"DIR"`
}

func (*manCommand) needsNoSettings() {}

// Run prints the page, or writes all of them.
func (c *manCommand) Run(i *invocation) error {
	parser, err := newParser(new(commands))
	if err != nil {
		return err
	}
	pages := manPages(parser.Model)
	if c.Into != "" {
		if len(c.Command) > 0 {
			return usageError{errors.New("COMMAND and --into are both given: --into writes all pages, leave one of them out")}
		}
		return writePages(i, c.Into, pages)
	}
	name := strings.Join(append([]string{programName}, c.Command...), "-") + ".1"
	page, found := pages[name]
	if !found {
		return usageError{fmt.Errorf("COMMAND: there is no page of %q: `ordersync --help` lists the commands", strings.Join(c.Command, " "))}
	}
	_, err = fmt.Fprint(i.out, page)
	return printed(err)
}

func writePages(i *invocation, dir string, pages map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // manual pages are for everybody
		return usageError{fmt.Errorf("--into: %w", err)}
	}
	for _, name := range sortedKeys(pages) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(pages[name]), 0o644); err != nil { //nolint:gosec // the same
			return usageError{fmt.Errorf("--into: %w", err)}
		}
	}
	_, _ = fmt.Fprintf(i.err, "wrote %s into %s\n", counted(len(pages), "page"), dir)
	return nil
}

// manPages are all pages by the names of their files: one of the program, and one
// of each command.
func manPages(app *kong.Application) map[string]string {
	pages := map[string]string{}
	var add func(n *kong.Node)
	add = func(n *kong.Node) {
		pages[pageName(n)+".1"] = manPage(app, n)
		for _, child := range n.Children {
			if !child.Hidden {
				add(child)
			}
		}
	}
	add(app.Node)
	return pages
}

// pageName is the name of a command's page, such as ordersync-tenants-import.
func pageName(n *kong.Node) string { return strings.ReplaceAll(n.FullPath(), " ", "-") }

// manPage is the page of a command, in the macros of man(7).
func manPage(app *kong.Application, n *kong.Node) string {
	p := new(page)
	p.line(`.\" Generated from the command line's model by make generate; do not edit.`)
	p.line(`.TH %s 1 "" ordersync "ordersync manual"`, strings.ToUpper(pageName(n)))
	p.section("NAME")
	p.line(`%s \- %s`, roff(pageName(n)), roff(summaryOf(n)))
	p.section("SYNOPSIS")
	p.line(".B %s", roff(n.FullPath()))
	p.line("%s", synopsis(n))
	p.section("DESCRIPTION")
	p.text(n.Help)
	if n == app.Node {
		p.text("Standard output is data, standard error is talk. Every setting is a flag and an environment variable; a flag wins.")
	}
	p.commands(n)
	p.arguments(n)
	p.options(n, app)
	if n == app.Node {
		p.environment()
	}
	p.examples(n)
	p.exits(n == app.Node)
	p.others(n)
	return p.String()
}

// summaryOf is a command's help as a name line has it: no sentence.
func summaryOf(n *kong.Node) string {
	text := strings.TrimSuffix(n.Help, ".")
	return strings.ToLower(text[:1]) + text[1:]
}

// synopsis is what may stand behind a command.
func synopsis(n *kong.Node) string {
	parts := []string{`[\fIFLAGS\fR]`}
	if len(n.Children) > 0 {
		parts = append(parts, `\fICOMMAND\fR`)
	}
	for _, f := range n.Flags {
		if f.Required {
			parts = append(parts, `\fB`+roff("--"+f.Name)+`\fR=\fI`+roff(f.FormatPlaceHolder())+`\fR`)
		}
	}
	for _, a := range n.Positional {
		name := `\fI` + roff(strings.ToUpper(a.Name)) + `\fR`
		if a.IsSlice() {
			name += " ..."
		}
		if !a.Required {
			name = "[" + name + "]"
		}
		parts = append(parts, name)
	}
	return strings.Join(parts, "\n")
}
