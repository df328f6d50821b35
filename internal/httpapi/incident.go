package httpapi

import (
	"context"
	"fmt"

	"ordersync"
	"ordersync/internal/store"
)

// Incident is trouble that many connections of a region share. While it is open
// nobody needs to act.
type Incident struct {
	Region      ordersync.Region  `json:"region" enum:"eu,na,fe"`
	Kind        store.FailureKind `json:"kind" enum:"denied,revoked,unavailable"`
	Since       *string           `json:"since"`
	Connections int               `json:"connections" doc:"How many failed so last and have not succeeded since."`
	Message     string            `json:"message"`
	WhoActs     ordersync.Actor   `json:"whoActs" enum:"nobody"`
}

// incidentTexts say what Amazon does in an incident.
var incidentTexts = map[store.FailureKind]string{
	store.FailedDenied:      "Amazon denies access",
	store.FailedRevoked:     "Amazon refuses authorisations",
	store.FailedUnavailable: "Amazon does not answer or answers with errors of its own",
}

// IncidentsOf shows the incidents that are open.
func IncidentsOf(open []store.SharedTrouble) []Incident {
	out := []Incident{}
	for _, i := range open {
		text := incidentTexts[i.Kind]
		if text == "" {
			text = "Amazon fails"
		}
		out = append(out, Incident{
			Region: i.Region, Kind: i.Kind, Since: when(i.OpenedAt), Connections: i.Connections, WhoActs: ordersync.Nobody,
			Message: fmt.Sprintf("%s for many connections of %s at once; it is no verdict on any of them, and nobody needs to act", text, i.Region),
		})
	}
	return out
}

// Warning is something about the whole installation that an operator must see to
// before a day.
type Warning struct {
	Code    string          `json:"code" doc:"CLIENT_SECRET_ENDS_IN_30_DAYS, …_15_DAYS, …_5_DAYS or CLIENT_SECRET_ENDED."`
	WhoActs ordersync.Actor `json:"whoActs" enum:"operator"`
	Message string          `json:"message"`
	EndsAt  *string         `json:"endsAt"`
}

// warnings are those of the installation, for operators.
func (s *server) warnings(ctx context.Context) ([]Warning, error) {
	list, err := s.Engine.Warnings(ctx)
	if err != nil {
		return nil, err
	}
	var out []Warning
	for _, w := range list {
		out = append(out, Warning{Code: w.Code, WhoActs: ordersync.Operator, Message: w.Message, EndsAt: when(w.EndsAt)})
	}
	return out, nil
}

// incidents are the open ones, for operators: they tell of all tenants.
func (s *server) incidents(ctx context.Context) ([]Incident, error) {
	open, err := s.Reader.SharedTroubles(ctx)
	if err != nil {
		return nil, err
	}
	return IncidentsOf(open), nil
}
