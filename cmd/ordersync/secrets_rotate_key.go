package main

import (
	"errors"
	"fmt"
	"strings"

	"ordersync/internal/secret"
	"ordersync/internal/store"
)

// secretsRotateKeyCommand replaces the master key in steps between which every
// process can open everything.
type secretsRotateKeyCommand struct {
	DropOld bool `help:"Then leave only the new key in the key file beside a SQLite database."`
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
		return nil
	}
	return i.addKey(file)
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
	meter := newMeter(i)
	done, err := w.engine.Reseal(i.ctx, meter.told)
	if err != nil {
		return err
	}
	if err := i.resealCanary(w); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(i.err, "sealed anew: %s and personal fields of %d data groups; %d values were under the new key already\n",
		counted(int(done.Secrets), "secret"), done.Personal, done.Current)
	switch {
	case done.ClosedCount > 0:
		return fmt.Errorf("%w: %s of them, such as\n  %s", errClosed, counted(int(done.ClosedCount), "value"), strings.Join(done.Closed, "\n  "))
	case done.Old > 0:
		return fmt.Errorf("%d values were sealed under an older key meanwhile: restart every process with the new list of keys, then run this again", done.Old)
	case c.DropOld:
		if err := secret.TrimKeyFile(file); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(i.err, "%s holds the new key only. Copies of the database from before still need the old one\n", file)
	case file != "":
		_, _ = fmt.Fprintln(i.err, "nothing needs the old key any more: --drop-old removes it from the key file")
	default:
		_, _ = fmt.Fprintln(i.err, "nothing needs the other keys any more: leave only the first in ORDERSYNC_MASTER_KEY. Copies of the database from before still need the old one")
	}
	return nil
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
