package main

import (
	"errors"
	"fmt"
	"strings"

	"ordersync/internal/engine"
	"ordersync/internal/secret"
	"ordersync/internal/store"
)

// secretsRotateKeyCommand replaces the master key in steps between which every
// process can open everything.
type secretsRotateKeyCommand struct {
	DropOld bool `help:"Then leave only the new key in the key file beside a SQLite database."`
	JSON    bool `help:"Print JSON."`
}

// rotatedKey is how far the change of the master key came.
type rotatedKey struct {
	Step           string `json:"step"`           // added: a new key was put before the old one; resealed; none: there was nothing to do
	Secrets        int64  `json:"secrets"`        // sealed anew
	PersonalGroups int64  `json:"personalGroups"` // sealed anew
	Current        int64  `json:"current"`        // under the new key already
	Old            int64  `json:"old"`            // sealed under an older key meanwhile
	Closed         int64  `json:"closed"`         // open under none of the keys
	OldKeyDropped  bool   `json:"oldKeyDropped"`
}

func (c *secretsRotateKeyCommand) print(i *invocation, done rotatedKey) error {
	if !c.JSON {
		return nil
	}
	return printJSON(i.out, done)
}

// errClosed says that some values open under no key.
var errClosed = errors.New("some sealed values open under none of the keys and were left as they are: give the key that they were sealed under too, or let their tenants reconnect")

// Run seals everything under the first key. With a single key there is nothing to
// replace: a key file gets a new one before it, for the next start.
func (c *secretsRotateKeyCommand) Run(i *invocation) (err error) {
	w, err := i.open(false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	file := i.keyFile()
	if c.DropOld && file == "" {
		return usageError{errors.New("--drop-old is for the key file beside a SQLite database: ORDERSYNC_MASTER_KEY is set, remove the old key there")}
	}
	switch {
	case w.engine.MasterKeys() > 1:
		return c.reseal(i, w, file)
	case c.DropOld:
		_, _ = fmt.Fprintf(i.err, "%s holds one key: there is no old one\n", file)
		return c.print(i, rotatedKey{Step: "none"})
	}
	if err := i.addKey(file); err != nil {
		return err
	}
	return c.print(i, rotatedKey{Step: "added"})
}

// keyFile is the key file beside a SQLite database; "" when the key is set.
func (i *invocation) keyFile() string {
	path, local := store.SQLitePath(i.settings.DatabaseURL)
	if i.settings.MasterKey != "" || !local {
		return ""
	}
	return path + ".key"
}

// addKey puts a new key into the key file, or says how it is given.
func (i *invocation) addKey(file string) error {
	if file == "" {
		return usageError{errors.New("ORDERSYNC_MASTER_KEY holds one key: make a new one with `openssl rand -base64 32`, write it, a comma and the old one there, restart every process, and run this again")}
	}
	if err := secret.RotateKeyFile(file); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(i.err, "%s has a new key before the old one: restart ordersync if it is running, then run `ordersync secrets rotate-key --drop-old`\n", file)
	return nil
}

// reseal seals everything anew and says what is to be done next.
func (c *secretsRotateKeyCommand) reseal(i *invocation, w workplace, file string) error {
	meter := i.meter("looked at %d values")
	done, err := w.engine.Reseal(i.ctx, meter.told)
	meter.end()
	if err != nil {
		return err
	}
	if err := i.resealCanary(w); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(i.err, "sealed anew: %s and personal fields of %d data groups; %d values were under the new key already\n",
		counted(int(done.Secrets), "secret"), done.Personal, done.Current)
	out := rotatedKey{"resealed", done.Secrets, done.Personal, done.Current, done.Old, done.ClosedCount, false}
	dropped, err := c.finish(i, done, file)
	out.OldKeyDropped = dropped
	return errors.Join(c.print(i, out), err)
}

// finish says what is to be done next, and drops the old key where that was asked
// for and nothing needs it.
func (c *secretsRotateKeyCommand) finish(i *invocation, done engine.Resealing, file string) (dropped bool, err error) {
	switch {
	case done.ClosedCount > 0:
		return false, fmt.Errorf("%w: %s of them, such as\n  %s", errClosed, counted(int(done.ClosedCount), "value"), strings.Join(done.Closed, "\n  "))
	case done.Old > 0:
		return false, fmt.Errorf("%d values were sealed under an older key meanwhile: restart every process with the new list of keys, then run this again", done.Old)
	case c.DropOld:
		if err := secret.TrimKeyFile(file); err != nil {
			return false, err
		}
		dropped = true
		_, _ = fmt.Fprintf(i.err, "%s holds the new key only. Copies of the database from before still need the old one\n", file)
	case file != "":
		_, _ = fmt.Fprintln(i.err, "nothing needs the old key any more: --drop-old removes it from the key file")
	default:
		_, _ = fmt.Fprintln(i.err, "nothing needs the other keys any more: leave only the first in ORDERSYNC_MASTER_KEY. Copies of the database from before still need the old one")
	}
	return dropped, nil
}

// resealCanary seals the value that proves the key at each start.
func (i *invocation) resealCanary(w workplace) error {
	used, err := w.store.Setting(i.ctx, canary)
	if err != nil {
		return err
	}
	fresh, err := w.engine.ResealCanary(used)
	if err != nil || fresh == nil {
		return err
	}
	_, err = w.store.ReplaceSetting(i.ctx, canary, used, fresh)
	return err
}
