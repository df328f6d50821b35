package main

import (
	_ "embed"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCommand prints what makes a shell complete command lines.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: ${enum}."`
}

func (*completionCommand) needsNoSettings() {}

// The scripts ask completeCommand at each press of the key, so that they stay right
// when the program is replaced by a newer one.
var (
	//go:embed completion/ordersync.bash
	bashCompletion string
	//go:embed completion/ordersync.zsh
	zshCompletion string
	//go:embed completion/ordersync.fish
	fishCompletion string
)

// Run prints the script.
func (c *completionCommand) Run(i *invocation) error {
	script := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.Shell]
	_, err := fmt.Fprint(i.out, script)
	return printed(err)
}

// completeCommand answers the scripts: a line for everything that may stand where
// the last word begins, with a description behind a tab.
type completeCommand struct {
	Words []string `arg:"" optional:"" passthrough:""`
}

func (*completeCommand) needsNoSettings() {}

// wantsFiles is the line that asks the shell for names of files.
const wantsFiles = ":files"

// Run prints the lines. What goes wrong is not said: nobody has asked for anything
// yet.
func (c *completeCommand) Run(i *invocation) error {
	words := c.Words
	if len(words) > 0 && words[0] == "--" {
		words = words[1:]
	}
	parser, err := newParser(new(commands))
	if err != nil || len(words) == 0 {
		return err
	}
	line := readCommandLine(parser.Model, words)
	var out strings.Builder
	for _, one := range line.candidates(i) {
		if strings.HasPrefix(one.value, line.current) && !strings.ContainsAny(one.value, "\t\n") {
			fmt.Fprintf(&out, "%s\t%s\n", one.value, plain(one.about))
		}
	}
	if line.files() {
		out.WriteString(wantsFiles + "\n")
	}
	_, err = fmt.Fprint(i.out, out.String())
	return printed(err)
}

// newParser is the parser of the command line.
func newParser(c *commands, more ...kong.Option) (*kong.Kong, error) {
	return kong.New(c, append([]kong.Option{kong.Name(programName), kong.Description(programAbout), kong.ConfigureHelp(kong.HelpOptions{Compact: true})}, more...)...)
}
