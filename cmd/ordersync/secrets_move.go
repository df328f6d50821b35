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
	meter := newMeter(i)
	done, err := w.engine.MoveTokens(i.ctx, c.To == secretsInVault, c.Keep, meter.told)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(i.err, "%d moved, %d were there already, %d connections have none\n", done.Moved, done.There, done.Without)
	if done.FailedCount > 0 {
		return fmt.Errorf("%s stayed where they were; run this again once what follows is mended:\n  %s",
			counted(int(done.FailedCount), "token"), strings.Join(done.Failed, "\n  "))
	}
	return nil
}
