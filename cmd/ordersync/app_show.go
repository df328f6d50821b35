package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"ordersync/internal/engine"
)

// appShowCommand shows how old the application's client secret is.
type appShowCommand struct {
	JSON bool `help:"Print JSON."`
}

// shownApplication is the application as it is printed.
type shownApplication struct {
	ClientID     string       `json:"clientId"`
	ClientSecret *shownSecret `json:"clientSecret"` // null: nothing is known of it
	Queue        bool         `json:"notificationsQueue"`
	AskedAt      *string      `json:"rotationAskedAt"` // when a new secret was last asked for
}

// shownSecret is what is known of a client secret.
type shownSecret struct {
	Origin         string  `json:"origin"` // rotation, or setting
	Since          *string `json:"since"`
	Days           int     `json:"days"`    // its age
	AtLeast        bool    `json:"atLeast"` // it was first seen then, and may be older
	EndsAt         *string `json:"endsAt"`
	AtTheLatest    bool    `json:"atTheLatest"` // it may end sooner
	DaysLeft       int     `json:"daysLeft"`    // 0: it has ended, or does within a day
	PreviousEndsAt *string `json:"previousEndsAt"`
	Warning        string  `json:"warning"` // "": none
}

// Run prints it.
func (c *appShowCommand) Run(i *invocation) (err error) {
	w, err := i.openPlain()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	age, err := w.engine.SecretAge(i.ctx)
	if err != nil {
		return err
	}
	warnings, err := w.engine.Warnings(i.ctx)
	if err != nil {
		return err
	}
	out := shownApplication{ClientID: i.settings.AmazonClientID, Queue: i.settings.AmazonQueue != "", AskedAt: moment(age.AskedAt)}
	if age.Known() {
		out.ClientSecret = shownSecretOf(age, w.store.Now())
	}
	for _, one := range warnings {
		out.ClientSecret.Warning = one.Code
	}
	if c.JSON {
		return printJSON(i.out, out)
	}
	s := i.screen
	lines := []string{s.say("client id: %s", cell(out.ClientID)), s.say("client secret: %s", plain(s.sentence(age.Text(w.store.Now())))), s.say("notifications: %s", out.queue(s.language))}
	for _, one := range warnings {
		lines = append(lines, s.paint(between, s.say("warning: %s", plain(s.sentence(one.Message)))))
	}
	_, err = fmt.Fprintln(s, strings.Join(lines, "\n"))
	return printed(err)
}

func (a shownApplication) queue(l language) string {
	if a.Queue {
		return l.tr("read from a queue")
	}
	return l.tr("none: ORDERSYNC_AMAZON_NOTIFICATIONS_QUEUE is not set, and the secret is rotated by hand")
}

func shownSecretOf(age engine.SecretAge, now time.Time) *shownSecret {
	out := &shownSecret{
		Origin: "setting", Since: moment(age.Since), Days: age.Days(now), AtLeast: age.Seen, EndsAt: moment(age.Ends), AtTheLatest: age.Latest,
		DaysLeft: max(0, int(age.Ends.Sub(now)/day)), PreviousEndsAt: moment(age.PreviousEnds),
	}
	if age.Rotated {
		out.Origin = "rotation"
	}
	return out
}
