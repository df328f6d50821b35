package web

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// budgetNow is one of a seller's budgets as it is kept.
type budgetNow struct {
	operation        ordersync.Operation
	budget           ordersync.Budget
	calls, throttled int64
	used             bool // something was called
}

// budgetNames are the budgets that are shown, in their order.
var budgetNames = []struct {
	operation ordersync.Operation
	name      string
}{
	{ordersync.SearchOrders, "Search for changes"}, {ordersync.GetOrder, "Read one order"}, {ordersync.GetMarketplaces, "Ask for marketplaces"},
}

// readBudgets reads the buckets of a connection's seller.
func (d *dashboard) readBudgets(ctx context.Context, c ordersync.Connection) (out []budgetNow, err error) {
	for _, name := range budgetNames {
		b := budgetNow{operation: name.operation}
		key := store.BudgetKey{ClientID: d.ClientID, Region: c.Region, Seller: store.SellerKey(c), Operation: name.operation}
		if b.budget, b.calls, b.throttled, b.used, err = d.Reader.Budget(ctx, key); err != nil {
			return nil, err
		}
		if !b.used {
			b.budget = ordersync.NewBudget(ordersync.PublishedPlans[name.operation], d.Now())
		}
		out = append(out, b)
	}
	return out, nil
}

// gaugeData is a budget as the page draws it: a cell is a call.
type gaugeData struct {
	Name, Operation, Tokens string
	Burst                   int
	Low, Used               bool
	Now                     string // of the meter, with a point
	Story                   string
	Refill                  string // what the script goes on with
	Cells                   []cell
	NextAt                  time.Time // of the next call; zero: now
	Rate                    string
	Calls, Throttled        int64
	GoesTo                  string
}

// cell is one call: where it stands and how full it is, in percent.
type cell struct{ X, Width, Y, Height, Class string }

// percent writes a share of a hundred for SVG.
func percent(f float64) string { return fmt.Sprintf("%.2f%%", min(max(f, 0), 100)) }

// gauge draws a budget. Our bucket holds a little less than Amazon's, against jitter;
// what is shown is Amazon's.
func (v *visit) gauge(b budgetNow, walks []ordersync.Walk) gaugeData {
	burst := b.budget.Plan.Burst
	jitter := burst - ordersync.NewBudget(b.budget.Plan, v.Now).Tokens
	now := b.budget.Refilled(v.Now)
	tokens := min(now.Tokens+jitter, burst)
	g := gaugeData{
		Operation: string(b.operation), Burst: int(math.Round(burst)), Low: tokens < 1, Used: b.used,
		Now: fmt.Sprintf("%.1f", tokens), Tokens: v.words.decimal(math.Floor(tokens*10)/10, 1), Calls: b.calls, Throttled: b.throttled,
	}
	for _, name := range budgetNames {
		if name.operation == b.operation {
			g.Name = v.T(name.name)
		}
	}
	if _, wait := b.budget.Take(v.Now); wait > 0 {
		g.NextAt = v.Now.Add(wait)
	}
	g.Story = v.T("%s of %s calls", g.Tokens, g.Burst)
	if b.budget.Rate > 0 {
		every := time.Duration(float64(time.Second) / b.budget.Rate)
		g.Rate = v.T("one every %s", v.seconds(every))
		if b.budget.Rate >= 1 {
			g.Rate = v.T("%s a second", v.words.decimal(b.budget.Rate, 1))
		}
	}
	if b.operation == ordersync.SearchOrders {
		for _, w := range walks {
			if g.GoesTo == "" {
				g.GoesTo = v.walkName(w)
			}
		}
	}
	g.Cells = cells(tokens, g.Burst)
	refill, err := json.Marshal(map[string]float64{
		"tokens": b.budget.Tokens + jitter, "rate": b.budget.Rate, "burst": burst, "at": float64(b.budget.At.UnixMilli()) / 1000,
	})
	if err == nil && b.used {
		g.Refill = string(refill)
	}
	return g
}

// cells are those of a gauge with so many calls in it.
func cells(tokens float64, burst int) (out []cell) {
	step := 100 / float64(max(burst, 1))
	for i := range burst {
		full := min(1, max(0, tokens-float64(i)))
		c := cell{X: percent(float64(i) * step), Width: percent(step * .8), Height: percent(full * 100), Y: percent((1 - full) * 100)}
		switch {
		case full == 1:
			c.Class = " full"
		case full > 0:
			c.Class = " filling"
		}
		out = append(out, c)
	}
	return out
}

// seconds writes a time that may be shorter than its unit: 178.6 s.
func (v *visit) seconds(d time.Duration) string {
	if d < 10*time.Minute {
		return v.words.decimal(d.Seconds(), 1) + noBreak + "s"
	}
	return v.words.span(d)
}
