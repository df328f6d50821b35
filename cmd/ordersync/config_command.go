package main

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
	t := i.screen.table(column{}, column{wraps: true})
	for _, r := range rows {
		t.row(r.Name, r.Value)
	}
	return t.print()
}
