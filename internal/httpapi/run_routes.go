package httpapi

import (
	"context"

	"ordersync"
	"ordersync/internal/store"
)

// registerRuns registers what starts, shows and ends runs.
func (s *server) registerRuns() {
	route(s, "POST /api/v1/orders/sync/run/global", "runAll", "Bring every connection up to date",
		"Starts a run of all connections that are or were authorised, and waits for it as `Prefer` says. 200: it has finished. "+
			"202: it goes on, and `Location` says where; a client that goes away stops nothing. `success` says that every connection is accounted for; "+
			"what happened to each is in `results`. `partial` stands beside the summary's other numbers: not finished, goes on by itself.",
		s.runAll, tag("runs"), acceptable[RunAnswer](s, "The run goes on: ask again at `Location`."))
	route(s, "POST /api/v1/orders/sync/run", "runOne", "Bring one tenant's connections up to date",
		"The tenant is the caller's own; an operator names one in the query or the body. 400: none is named, or `global`.",
		s.runOne, tag("runs"), acceptable[SingleRunAnswer](s, "The run goes on: ask again at `Location`."))
	route(s, "GET /api/v1/runs", "listRuns", "List runs, the newest first", "Kept for 90 days.", s.listRuns, tag("runs"))
	route(s, "GET /api/v1/runs/{id}", "getRun", "Show a run",
		"A tenant sees the runs that were started for it alone; any other answers 404.", s.getRun, tag("runs"))
	route(s, "GET /api/v1/runs/{id}/results", "listResults", "List the results of a run, in the order in which they came",
		"Lists what is settled; with `nextCursor` it goes on from there, also while the run does.", s.listResults, tag("runs"))
	route(s, "POST /api/v1/runs/{id}/cancel", "cancelRun", "Cancel a run",
		"What is still open is settled as INTERRUPTED; the connections themselves go on as they were due. A finished run stays as it is.", s.cancelRun, tag("runs"))
	s.registerEvents()
}

// RunAnswer is a run with the headers that belong to it.
type RunAnswer struct {
	Status   int
	Location string `header:"Location" doc:"Where the run goes on; with 202."`
	Applied  string `header:"Preference-Applied" doc:"What of Prefer was followed."`
	Body     Run
}

func (s *server) runAll(ctx context.Context, in *struct{ Waiting }) (*RunAnswer, error) {
	look, run, done, err := s.run(ctx, ordersync.GlobalRun, "", in.prefer)
	if err != nil {
		return nil, err
	}
	defer done()
	out := &RunAnswer{Applied: in.prefer.applied()}
	out.Status, out.Location = statusOf(run)
	out.Body, err = s.show(look, run)
	return out, err
}

// show is a run with its results. Of a large one only what is no success is
// listed.
func (s *server) show(ctx context.Context, run ordersync.Run) (Run, error) {
	many := run.Summary.Total > s.Pace.MaxResults
	targets, err := s.Reader.Targets(ctx, run.ID, many, s.Pace.MaxResults)
	if err != nil {
		return Run{}, s.goesOn(ctx, run.ID, err)
	}
	out := RunOf(run, targets, s.Now())
	if many {
		out.ResultsTruncated, out.ResultsLink = true, runPath(run.ID)+"/results"
	}
	return out, nil
}

// SingleRun is the answer to a run of one tenant: the fields of the interface
// that this one replaces, and the run.
type SingleRun struct {
	Run
	// Success is stricter here than in a run: nothing was skipped and nothing
	// failed.
	Success          bool     `json:"success" doc:"It has finished and no connection was skipped or failed."`
	OrdersProcessed  int64    `json:"ordersProcessed" doc:"Orders received, of all connections."`
	ItemsProcessed   int64    `json:"itemsProcessed"`
	Errors           []string `json:"errors" nullable:"false" doc:"What was skipped or failed, at most ten."`
	LastUpdatedAfter *string  `json:"lastUpdatedAfter" doc:"The oldest cursor of the tenant's connections."`
}

// mostErrors is how many errors the predecessor's answers list.
const mostErrors = 10

func singleRunOf(run Run, connections []ordersync.Connection) SingleRun {
	out := SingleRun{Run: run, Errors: []string{}}
	bad := 0
	for _, r := range run.Results {
		out.OrdersProcessed += r.OrdersProcessed
		out.ItemsProcessed += r.ItemsProcessed
		if r.Status != ordersync.StatusSkipped && r.Status != ordersync.StatusFailed {
			continue
		}
		if bad++; bad <= mostErrors {
			out.Errors = append(out.Errors, string(r.ReasonCode)+": "+r.Message)
		}
	}
	out.Success = run.Finished && bad == 0
	out.LastUpdatedAfter = oldestCursor(connections)
	return out
}

// oldestCursor is the cursor of the connection that is furthest behind; one that
// has not begun is behind all others.
func oldestCursor(connections []ordersync.Connection) *string {
	for i, c := range connections {
		if c.Cursor.IsZero() {
			return cursorOf(c)
		}
		if c.Cursor.Before(connections[0].Cursor) {
			connections[0], connections[i] = c, connections[0]
		}
	}
	if len(connections) == 0 {
		return nil
	}
	return cursorOf(connections[0])
}

// SingleRunInput asks for a run of one tenant.
type SingleRunInput struct {
	Waiting
	TenantID string       `query:"tenantId" doc:"Whose connections; an operator must name one here, in the body or in X-Tenant-Id."`
	Body     *NamedTenant `required:"false"`
}

// NamedTenant is a body that may name a tenant.
type NamedTenant struct {
	TenantID string `json:"tenantId,omitempty" doc:"Whose connections."`
}

// SingleRunAnswer is a run of one tenant with the headers that belong to it.
type SingleRunAnswer struct {
	Status   int
	Location string `header:"Location" doc:"Where the run goes on; with 202."`
	Applied  string `header:"Preference-Applied" doc:"What of Prefer was followed."`
	Body     SingleRun
}

func (s *server) runOne(ctx context.Context, in *SingleRunInput) (*SingleRunAnswer, error) {
	name := in.TenantID
	if in.Body != nil && in.Body.TenantID != "" {
		if name != "" && name != in.Body.TenantID {
			return nil, missingTenant("the query and the body name different tenants: name one")
		}
		name = in.Body.TenantID
	}
	tenant, err := s.known(ctx, name)
	if err != nil {
		return nil, err
	}
	look, run, done, err := s.run(ctx, ordersync.SingleRun, tenant, in.prefer)
	if err != nil {
		return nil, err
	}
	defer done()
	out := &SingleRunAnswer{Applied: in.prefer.applied()}
	out.Status, out.Location = statusOf(run)
	shown, err := s.show(look, run)
	if err != nil {
		return nil, err
	}
	connections, err := s.Reader.Tenant(tenant).Connections(look)
	if err != nil {
		return nil, s.goesOn(look, run.ID, err)
	}
	out.Body = singleRunOf(shown, connections)
	return out, nil
}

// RunInput names a run.
type RunInput struct {
	ID string `path:"id" doc:"The run's id."`
}

// visible is the run of that id, when the caller may see it: its own tenant's.
func (s *server) visible(ctx context.Context, id string) (ordersync.Run, error) {
	parsed, err := ordersync.ParseRunID(id)
	if err != nil {
		return ordersync.Run{}, notFound()
	}
	run, err := s.Reader.Run(ctx, parsed)
	if err != nil {
		return run, err
	}
	if c := callerOf(ctx); !c.operator && (run.Mode != ordersync.SingleRun || run.Tenant != c.tenant) {
		return ordersync.Run{}, notFound()
	}
	return run, nil
}

func (s *server) getRun(ctx context.Context, in *RunInput) (*struct{ Body Run }, error) {
	run, err := s.visible(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	out := &struct{ Body Run }{}
	out.Body, err = s.show(ctx, run)
	return out, err
}

func (s *server) cancelRun(ctx context.Context, in *RunInput) (*struct{ Body Run }, error) {
	run, err := s.visible(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := s.Engine.CancelRun(ctx, run.ID); err != nil {
		return nil, err
	}
	return s.getRun(ctx, in)
}

// RunList is a page of runs, without their results.
type RunList struct {
	Runs       []ListedRun `json:"runs" nullable:"false"`
	NextCursor string      `json:"nextCursor,omitempty" doc:"Where the next page begins; absent on the last."`
}

// ListedRun is a run in a list.
type ListedRun struct {
	RunID         ordersync.RunID    `json:"runId"`
	Mode          ordersync.RunMode  `json:"mode" enum:"global,single"`
	TenantID      ordersync.TenantID `json:"tenantId,omitempty"`
	Success       bool               `json:"success"`
	Finished      bool               `json:"finished"`
	StartedAt     *string            `json:"startedAt"`
	FinishedAt    *string            `json:"finishedAt"`
	CancelledAt   *string            `json:"cancelledAt"`
	Summary       Summary            `json:"summary"`
	TotalDuration int64              `json:"totalDuration" doc:"Milliseconds."`
}

func (s *server) listRuns(ctx context.Context, in *struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" doc:"nextCursor of the page before."`
}) (*struct{ Body RunList }, error) {
	page := store.RunsPage{Limit: in.Limit}
	if in.Cursor != "" {
		before, err := ordersync.ParseRunID(in.Cursor)
		if err != nil {
			return nil, badCursor()
		}
		page.Before = before
	}
	runs, err := s.Reader.Runs(ctx, page)
	if err != nil {
		return nil, err
	}
	out := &struct{ Body RunList }{RunList{Runs: []ListedRun{}}}
	for _, r := range runs {
		v := RunOf(r, nil, s.Now())
		out.Body.Runs = append(out.Body.Runs, ListedRun{
			v.RunID, v.Mode, v.TenantID, v.Success, v.Finished, v.StartedAt, v.FinishedAt, when(r.CancelledAt), v.Summary, v.TotalDuration,
		})
	}
	if len(runs) == in.Limit {
		out.Body.NextCursor = string(runs[len(runs)-1].ID)
	}
	return out, nil
}

func badCursor() *Problem {
	return badField("query.cursor", "use nextCursor of the page before, unchanged, or leave it out to begin anew")
}

// ResultList is a page of a run's results.
type ResultList struct {
	RunID      ordersync.RunID `json:"runId"`
	Finished   bool            `json:"finished"`
	Results    []Result        `json:"results" nullable:"false"`
	NextCursor string          `json:"nextCursor,omitempty" doc:"Where the next page begins; absent when there is no more now."`
}

func (s *server) listResults(ctx context.Context, in *struct {
	RunInput
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"500"`
	Cursor string `query:"cursor" doc:"nextCursor of the page before."`
}) (*struct{ Body ResultList }, error) {
	run, err := s.visible(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	mark, err := parseMark(in.Cursor)
	if err != nil {
		return nil, badCursor()
	}
	targets, next, err := s.Reader.SettledAfter(ctx, run.ID, mark, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &struct{ Body ResultList }{ResultList{RunID: run.ID, Finished: store.Settled(run), Results: []Result{}}}
	for _, t := range targets {
		out.Body.Results = append(out.Body.Results, resultOf(t))
	}
	if len(targets) == in.Limit {
		out.Body.NextCursor = markText(next)
	}
	return out, nil
}
