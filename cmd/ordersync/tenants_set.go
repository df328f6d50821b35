package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/engine"
	"ordersync/internal/store"
)

// tenantsSetCommand changes settings of a tenant's connections.
type tenantsSetCommand struct {
	target
	Interval     string `help:"Time between two readings, 1s to 24h, such as 10m; default: the service's." placeholder:"TIME"`
	WantHistory  string `help:"How far back orders are wanted, such as 500d; default: the service's." placeholder:"TIME"`
	PersonalData string `help:"Whether data of buyers and recipients may be asked for and held: yes or no." enum:",yes,no" default:"" placeholder:"yes|no"`
}

// Limits of a connection's settings, the same as those of the service.
const (
	minInterval, maxInterval = time.Second, 24 * time.Hour
	minHistory, maxHistory   = time.Hour, longestKept
)

// Run changes what is given and nothing else.
func (c *tenantsSetCommand) Run(i *invocation) error {
	change, err := c.change()
	if err != nil {
		return usageError{err}
	}
	return c.act(i, "set", "set", func(w workplace, to ordersync.Connection) error {
		err := w.engine.Set(i.ctx, to.Tenant, to.ID, change)
		if refused := new(engine.RetentionError); errors.As(err, &refused) {
			err = usageError{fmt.Errorf("--want-history: %w", refused)}
		}
		return err
	})
}

// change is what the flags ask for.
func (c *tenantsSetCommand) change() (out store.Change, err error) {
	if out.Interval, err = parsePeriod("--interval", c.Interval, minInterval, maxInterval); err != nil {
		return out, err
	}
	if out.History, err = parsePeriod("--want-history", c.WantHistory, minHistory, maxHistory); err != nil {
		return out, err
	}
	if c.PersonalData != "" {
		may := c.PersonalData == "yes"
		out.PersonalData = &may
	}
	if out == (store.Change{}) {
		err = errors.New("nothing is to be changed: give --interval, --want-history or --personal-data")
	}
	return out, err
}

// defaultPeriod is the word for the service's own setting.
const defaultPeriod = "default"

// parsePeriod reads a time such as 90s, 10m, 24h or 30d within its limits: nil
// when none was given, 0 for the service's setting.
func parsePeriod(field, text string, least, most time.Duration) (*time.Duration, error) {
	var d time.Duration
	switch text {
	case "":
		return nil, nil
	case defaultPeriod:
		return &d, nil
	}
	var err error
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 15)
		d = time.Duration(n) * day //nolint:gosec // 15 bits fit
	} else {
		d, err = time.ParseDuration(text)
	}
	if err != nil || d < least || d > most {
		return nil, fmt.Errorf("%s is no time from %s to %dh: use one like 90s, 10m, 24h or 30d, or %s for the service's setting", field, least, most/time.Hour, defaultPeriod)
	}
	return &d, nil
}
