package main

import (
	"errors"
	"fmt"

	"ordersync/internal/httpapi"
	"ordersync/internal/store"
)

// authorizationsCommand prints the calendar of authorisations.
type authorizationsCommand struct {
	Within int  `default:"60" help:"Those that end within so many days, or have ended." placeholder:"DAYS"`
	JSON   bool `help:"Print JSON lines: one object a connection."`
}

// maxWithin is how far the calendar reaches, in days: none lasts longer.
const maxWithin = 365

// Run prints those that end first, first.
func (c *authorizationsCommand) Run(i *invocation) (err error) {
	if c.Within < 0 || c.Within > maxWithin {
		return usageError{fmt.Errorf("--within is %d: use 0 to %d days", c.Within, maxWithin)}
	}
	s, err := i.openStore(true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	now := i.now()
	var rows []httpapi.Authorization
	read := i.meter("read %d connections")
	defer read.end()
	for page := (store.AuthorizationPage{Until: now.AddDate(0, 0, c.Within), Limit: 1000}); ; {
		list, next, err := s.Reader().Authorizations(i.ctx, page)
		if err != nil {
			return err
		}
		for _, one := range list {
			rows = append(rows, httpapi.AuthorizationOf(one, now))
		}
		read.told(int64(len(rows)))
		if page.After = next; next == (store.AuthorizationMark{}) {
			break
		}
	}
	read.end()
	if c.JSON {
		return printLines(i.out, rows)
	}
	undated, err := s.Reader().UndatedAuthorizations(i.ctx)
	if err != nil {
		return err
	}
	return c.print(i, rows, undated)
}

func (c *authorizationsCommand) print(i *invocation, rows []httpapi.Authorization, undated int) error {
	s := i.screen
	if len(rows) == 0 {
		_, _ = fmt.Fprintln(i.err, s.say("no authorisation ends within %s", s.counted(c.Within, "day")))
	} else {
		t := s.table(column{head: "ENDS", least: leastTime}, column{head: "DAYS LEFT", right: true}, column{head: "TENANT", least: leastTenant}, column{head: "NAME", least: 8, spare: 2},
			column{head: "CONNECTION", right: true}, column{head: "REGION", spare: 1}, column{head: "SELLER", spare: 3}, column{head: "STATUS"})
		for _, one := range rows {
			seller := ""
			if one.SellingPartnerID != nil {
				seller = *one.SellingPartnerID
			}
			t.row(shown(one.ExpiresAt), piece{fmt.Sprint(one.DaysLeft), daysTone(one.DaysLeft)}, one.TenantID, cell(one.DisplayName), one.ConnectionID,
				one.Region, cell(seller), s.word(one.ConnectionStatus))
		}
		if err := t.print(); err != nil {
			return err
		}
	}
	if undated > 0 {
		_, _ = fmt.Fprintln(i.err, s.say("of %s nobody said when the seller consented (authorizedAt of an import): their end is not known", s.counted(undated, "connection")))
	}
	return nil
}

// daysTone is that of the days that an authorisation lasts: the first warning
// comes 30 days before its end.
func daysTone(days int) tone {
	switch {
	case days <= 0:
		return strong
	case days <= 30:
		return between
	}
	return plainly
}
