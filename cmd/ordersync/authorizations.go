package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

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
	for page := (store.AuthorizationPage{Until: now.AddDate(0, 0, c.Within), Limit: 1000}); ; {
		list, next, err := s.Reader().Authorizations(i.ctx, page)
		if err != nil {
			return err
		}
		for _, one := range list {
			rows = append(rows, httpapi.AuthorizationOf(one, now))
		}
		if page.After = next; next == (store.AuthorizationMark{}) {
			break
		}
	}
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
	if len(rows) == 0 {
		_, _ = fmt.Fprintf(i.err, "no authorisation ends within %s\n", counted(c.Within, "day"))
	} else {
		t := tabwriter.NewWriter(i.out, 0, 4, 2, ' ', 0)
		_, _ = fmt.Fprintln(t, "ENDS\tDAYS LEFT\tTENANT\tNAME\tCONNECTION\tREGION\tSELLER\tSTATUS")
		for _, one := range rows {
			seller := ""
			if one.SellingPartnerID != nil {
				seller = *one.SellingPartnerID
			}
			_, _ = fmt.Fprintf(t, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", shown(one.ExpiresAt), one.DaysLeft, one.TenantID, cell(one.DisplayName), one.ConnectionID,
				one.Region, cell(seller), one.ConnectionStatus)
		}
		if err := t.Flush(); err != nil {
			return printed(err)
		}
	}
	if undated > 0 {
		_, _ = fmt.Fprintf(i.err, "of %s nobody said when the seller consented (authorizedAt of an import): their end is not known\n", counted(undated, "connection"))
	}
	return nil
}
