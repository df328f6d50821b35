package main

import (
	"fmt"
	"text/tabwriter"
)

// configCommand prints the configuration in force.
type configCommand struct {
	JSON bool `help:"Print JSON."`
}

// Run prints every setting, secrets redacted.
func (c *configCommand) Run(i *invocation) error {
	rows := i.settings.table()
	if c.JSON {
		values := map[string]string{}
		for _, r := range rows {
			values[r.Name] = r.Value
		}
		return printJSON(i.out, values)
	}
	t := tabwriter.NewWriter(i.out, 0, 4, 2, ' ', 0)
	for _, r := range rows {
		_, _ = fmt.Fprintf(t, "%s\t%s\n", r.Name, r.Value)
	}
	return printed(t.Flush())
}
