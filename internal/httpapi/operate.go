package httpapi

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// registerOperation registers what only operators may do.
func (s *server) registerOperation() {
	const one = "/api/v1/tenants/{tenant}/connections/{id}"
	route(s, "POST "+one+"/pause", "pauseConnection", "Pause a connection",
		"Nothing is read of it until it is resumed; open targets are settled as PAUSED.", s.pause, tag("operation"))
	route(s, "POST "+one+"/resume", "resumeConnection", "Resume a connection", "It is read again at once.", s.resume, tag("operation"))
	route(s, "PATCH "+one, "setConnection", "Change a connection's settings",
		"Only what is given changes. An empty interval or history means the service's setting.", s.set, tag("operation"))
	s.registerExplain()
}

// ConnectionInput names a connection of a tenant.
type ConnectionInput struct {
	Tenant string `path:"tenant" maxLength:"128"`
	ID     string `path:"id" maxLength:"20" doc:"connectionId of the status."`
}

// ids are the tenant and the connection; what has not their shape is not there.
func (in ConnectionInput) ids() (ordersync.TenantID, ordersync.ConnectionID, error) {
	tenant, err := ordersync.ParseTenantID(in.Tenant)
	if err != nil {
		return "", 0, notFound()
	}
	id, err := strconv.ParseInt(in.ID, 10, 64)
	if err != nil || id <= 0 || connectionText(ordersync.ConnectionID(id)) != in.ID {
		return "", 0, notFound()
	}
	return tenant, ordersync.ConnectionID(id), nil
}

func connectionText(id ordersync.ConnectionID) string { return strconv.FormatInt(int64(id), 10) }

func (s *server) pause(ctx context.Context, in *ConnectionInput) (*struct{ Body Status }, error) {
	return s.act(ctx, *in, s.Engine.Pause)
}

func (s *server) resume(ctx context.Context, in *ConnectionInput) (*struct{ Body Status }, error) {
	return s.act(ctx, *in, s.Engine.Resume)
}

// act does something to a connection and shows it as it is then.
func (s *server) act(ctx context.Context, in ConnectionInput, do func(context.Context, ordersync.TenantID, ordersync.ConnectionID) error) (*struct{ Body Status }, error) {
	tenant, id, err := in.ids()
	if err != nil {
		return nil, err
	}
	if err := do(ctx, tenant, id); err != nil {
		return nil, err
	}
	connections, _, err := s.Reader.Status(ctx, store.StatusPage{Tenant: tenant, Limit: mostConnections})
	for _, c := range connections {
		if c.ID == id {
			return &struct{ Body Status }{s.statusOf(c)}, nil
		}
	}
	if err == nil {
		err = notFound() // removed meanwhile
	}
	return nil, err
}

// ConnectionChange is what an operator sets of a connection.
type ConnectionChange struct {
	Interval     *string `json:"interval,omitempty" maxLength:"20" doc:"Time between two readings, 1s to 24h, such as 10m; empty: the service's setting." example:"10m"`
	History      *string `json:"history,omitempty" maxLength:"20" doc:"How far back orders are wanted, 1h to 175200h (20 years), such as 500d; empty: the service's setting." example:"500d"`
	PersonalData *bool   `json:"personalData,omitempty" doc:"Whether it may ask for and hold buyers' data."`
}

// Limits of a connection's settings, the same as those of the service.
const (
	minInterval, maxInterval = time.Second, 24 * time.Hour
	minHistory, maxHistory   = time.Hour, 20 * 365 * 24 * time.Hour
)

func (s *server) set(ctx context.Context, in *struct {
	ConnectionInput
	Body ConnectionChange
}) (*struct{ Body Status }, error) {
	change := store.Change{PersonalData: in.Body.PersonalData}
	var err error
	if change.Interval, err = parseSetting("body.interval", in.Body.Interval, minInterval, maxInterval); err != nil {
		return nil, err
	}
	if change.History, err = parseSetting("body.history", in.Body.History, minHistory, maxHistory); err != nil {
		return nil, err
	}
	if change == (store.Change{}) {
		return nil, badField("body", "it changes nothing: give interval, history or personalData")
	}
	return s.act(ctx, in.ConnectionInput, func(ctx context.Context, tenant ordersync.TenantID, id ordersync.ConnectionID) error {
		return s.Engine.Set(ctx, tenant, id, change)
	})
}

// parseSetting reads a duration within its limits: nil when it was not given, 0
// when it was given as empty.
func parseSetting(field string, value *string, least, most time.Duration) (*time.Duration, error) {
	if value == nil {
		return nil, nil
	}
	d, err := parseDuration(*value)
	if err != nil || d != 0 && (d < least || d > most) {
		return nil, badField(field, "use a duration from %s to %s, such as 90m, 24h or 30d, or an empty text for the service's setting", least, most)
	}
	return &d, nil
}

// parseDuration reads 90s, 10m, 24h and such, and days as 30d. Empty is 0.
func parseDuration(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 15)
		if err != nil {
			return 0, fmt.Errorf("read days: %w", err)
		}
		return time.Duration(n) * 24 * time.Hour, nil //nolint:gosec // 15 bits fit
	}
	return time.ParseDuration(s)
}
