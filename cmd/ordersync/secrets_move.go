package main

import (
	"errors"
	"fmt"
	"strings"
)

// secretsMoveCommand moves refresh tokens between the database and Vault.
type secretsMoveCommand struct {
	To   string `required:"" enum:"vault,database" help:"Where they go: ${enum}." placeholder:"PLACE"`
	Keep bool   `help:"Leave them in Vault too, when they go to the database."`
	JSON bool   `help:"Print JSON."`
}

// movedTokens are how many tokens came to what.
type movedTokens struct {
	To       string   `json:"to"`
	Moved    int64    `json:"moved"`
	There    int64    `json:"there"`    // they were there already
	Without  int64    `json:"without"`  // connections that have none
	Failed   int64    `json:"failed"`   // they stayed where they were
	Failures []string `json:"failures"` // the first few
}

// Run moves, beside whatever works; once more goes on where it was interrupted.
func (c *secretsMoveCommand) Run(i *invocation) (err error) {
	if i.settings.Secrets != secretsInVault {
		return usageError{errors.New("ORDERSYNC_SECRETS is not vault: set it, and where Vault is, in both directions; once the tokens are in the database set it to database")}
	}
	w, err := i.open(false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	meter := i.meter("looked at %d values")
	done, err := w.engine.MoveTokens(i.ctx, c.To == secretsInVault, c.Keep, meter.told)
	meter.end()
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(i.err, "%d moved, %d were there already, %d connections have none\n", done.Moved, done.There, done.Without)
	if c.JSON {
		out := movedTokens{c.To, done.Moved, done.There, done.Without, done.FailedCount, append([]string{}, done.Failed...)}
		if err := printJSON(i.out, out); err != nil {
			return err
		}
	}
	if done.FailedCount > 0 {
		return fmt.Errorf("%s stayed where they were; run this again once what follows is mended:\n  %s",
			counted(int(done.FailedCount), "token"), strings.Join(done.Failed, "\n  "))
	}
	return nil
}
