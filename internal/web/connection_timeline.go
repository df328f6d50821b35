package web

import (
	"context"
	"slices"
	"time"

	"ordersync"
	"ordersync/internal/store"
)

// pastNow is what is read of a connection's last day, and its last changes of state and
// repairs.
type pastNow struct {
	outcomes []ordersync.Target // the newest first
	states   []store.StateChange
	repairs  []ordersync.Repair
	arrivals []store.Arrival
	counted  time.Time // arrivals before are not counted
}

const (
	// slotTime is what a bar and an icon of the timeline stand for.
	slotTime = 30 * time.Minute
	// mostOutcomes is how many outcomes of the last day are looked at.
	mostOutcomes = 600
	// shownOutcomes and shownEvents are how many are listed, mostEvents how many changes
	// of state and repairs are read.
	shownOutcomes, shownEvents, mostEvents = 8, 15, 40
)

func readPast(ctx context.Context, mine store.TenantReader, id ordersync.ConnectionID, now time.Time) (p pastNow, err error) {
	since := now.Add(-pastTime)
	if p.outcomes, err = mine.Outcomes(ctx, id, since, mostOutcomes); err != nil {
		return p, err
	}
	if p.states, err = mine.StateChanges(ctx, id, mostEvents); err != nil {
		return p, err
	}
	if p.repairs, err = mine.Repairs(ctx, id, mostEvents); err != nil {
		return p, err
	}
	p.arrivals, p.counted, err = mine.Arrivals(ctx, id, since, slotTime)
	return p, err
}

// timelineData is the last day, drawn in percent.
type timelineData struct {
	Story    string
	Ticks    []tick
	Orders   []timeBar
	OrdersOf string // how many came
	Counted  time.Time
	Walks    []timeBar
	WalkText string
	Repairs  []timeMark
	States   []timeMark
	Outcomes []timeMark
	Rows     []timeRow
}

type tick struct{ X, Anchor, Text string }

// timeBar is a bar of a lane; its height grows with what it stands for.
type timeBar struct {
	X, Width, Class string
	Y, Height       int
	Hatched         bool
}

// timeMark is an icon of a lane.
type timeMark struct {
	X, Class, Icon, Text string
	Left                 bool // its text stands at its left
	at                   float64
}

// timeRow says of the table what the picture shows of half an hour.
type timeRow struct {
	From, To                string
	Orders, Pages, Outcomes int64
	Worst                   string
}

// dayOf places times on the timeline.
type dayOf struct{ from, to time.Time }

func (d dayOf) x(t time.Time) float64 {
	return 100 * float64(t.Sub(d.from)) / float64(d.to.Sub(d.from))
}

func (d dayOf) has(t time.Time) bool { return !t.Before(d.from) && !t.After(d.to) }

// timeline draws the last day.
func (v *visit) timeline(c connectionNow) timelineData {
	day := dayOf{v.Now.Add(-pastTime), v.Now}
	data := timelineData{}
	for i, anchor := range []string{"start", "middle", "middle", "middle", "end"} {
		at := day.from.Add(time.Duration(i) * pastTime / 4)
		data.Ticks = append(data.Ticks, tick{percent(day.x(at)), anchor, at.UTC().Format("15:04")})
	}
	v.orderBars(c, day, &data)
	for _, w := range c.walks {
		bar := timeBar{Class: "fl-part", Y: 82, Height: 14, Hatched: w.Kind == ordersync.Back}
		begin := maxOf(w.StartedAt, day.from)
		bar.X, bar.Width = percent(day.x(begin)), percent(max(100-day.x(begin), .5))
		if w.Kind == ordersync.Back {
			bar.Y = 100
		}
		data.Walks = append(data.Walks, bar)
		if data.WalkText == "" {
			data.WalkText = v.T("%s, page %s, %s orders", v.walkName(w), w.Pages, w.Orders)
		}
	}
	if data.WalkText == "" {
		data.WalkText = v.T("none under way")
	}
	for _, r := range c.past.repairs {
		if day.has(r.At) {
			data.Repairs = append(data.Repairs, v.mark(day, r.At, "c-ok", "repair", v.T(repairNames[r.Code])))
		}
	}
	for _, s := range c.past.states {
		if day.has(s.At) {
			class, icon := stateLook(s)
			data.States = append(data.States, v.mark(day, s.At, class, icon, v.stateText(s)))
		}
	}
	spread(data.Repairs)
	spread(data.States)
	v.outcomeMarks(c, day, &data)
	v.timeRows(c, day, &data)
	data.Story = v.T("The last 24 hours: %s orders came new or changed, %s runs ended, %s repairs.", sumOf(c.past.arrivals), settledOf(c.past.outcomes), len(data.Repairs))
	return data
}

func (v *visit) mark(day dayOf, at time.Time, class, icon, text string) timeMark {
	x := day.x(at)
	return timeMark{X: percent(x), Class: class, Icon: icon, Text: text, Left: x > 60, at: x}
}

// wordsRoom is how much of the width the words beside a mark may take.
const wordsRoom = 45

// spread leaves words only to the newest of marks, which come first, where no other mark
// stands in their way, and puts the newest on top.
func spread(marks []timeMark) {
	for i := range marks {
		if i > 0 {
			marks[i].Text = ""
			ahead := marks[i].at - marks[0].at
			if marks[0].Left {
				ahead = -ahead
			}
			if ahead > 2 && ahead < wordsRoom {
				marks[0].Text = ""
			}
		}
	}
	slices.Reverse(marks)
}

// orderBars draws how many orders came.
func (v *visit) orderBars(c connectionNow, day dayOf, data *timelineData) {
	most := int64(1)
	for _, a := range c.past.arrivals {
		most = max(most, a.Orders)
	}
	const height = 34
	for _, a := range c.past.arrivals {
		begin, end := maxOf(a.At, day.from), minOf(a.At.Add(slotTime), day.to)
		if !begin.Before(end) {
			continue
		}
		h := max(int(a.Orders*height/most), 2)
		data.Orders = append(data.Orders, timeBar{
			X: percent(day.x(begin)), Width: percent(max((day.x(end)-day.x(begin))*.85, .4)), Class: "fl-1", Y: 24 + height - h, Height: h,
		})
	}
	data.OrdersOf = v.T("%s new or changed", sumOf(c.past.arrivals))
	if c.past.counted.After(day.from) {
		data.OrdersOf = v.T("%s new or changed since %s", sumOf(c.past.arrivals), v.words.clock(c.past.counted, v.Now))
	}
}

func sumOf(arrivals []store.Arrival) (n int64) {
	for _, a := range arrivals {
		n += a.Orders
	}
	return n
}

func settledOf(targets []ordersync.Target) (n int) {
	for _, t := range targets {
		if t.Settled() {
			n++
		}
	}
	return n
}

// worse orders statuses by how much they are worth to be seen.
var worse = map[ordersync.Status]int{ordersync.StatusSuccess: 1, ordersync.StatusPartial: 2, ordersync.StatusSkipped: 3, ordersync.StatusFailed: 4}

// worstBySlot is the worst outcome of each half hour, and how many there were.
func worstBySlot(targets []ordersync.Target) (worst map[int64]ordersync.Outcome, n map[int64]int64) {
	worst, n = map[int64]ordersync.Outcome{}, map[int64]int64{}
	for _, t := range targets {
		if !t.Settled() {
			continue
		}
		slot := t.SettledAt.Unix() / int64(slotTime/time.Second)
		n[slot]++
		if have, ok := worst[slot]; !ok || worse[t.Outcome.Status()] > worse[have.Status()] {
			worst[slot] = t.Outcome
		}
	}
	return worst, n
}

func (v *visit) outcomeMarks(c connectionNow, day dayOf, data *timelineData) {
	worst, _ := worstBySlot(c.past.outcomes)
	slots := make([]int64, 0, len(worst))
	for slot := range worst {
		slots = append(slots, slot)
	}
	slices.Sort(slots)
	for _, slot := range slots {
		at := time.Unix(slot*int64(slotTime/time.Second), 0).Add(slotTime / 2)
		status := worst[slot].Status()
		class := "c-" + colours[status]
		if status == ordersync.StatusSuccess && slot%4 != 0 {
			class += " c-thin" // a phone has no room for each
		}
		x := min(max(day.x(at), 1), 99)
		data.Outcomes = append(data.Outcomes, timeMark{X: percent(x), Class: class, Icon: string(status)})
	}
}

// timeRows is the table that says the same, the newest half hour first; those in which
// nothing happened are left out.
func (v *visit) timeRows(c connectionNow, day dayOf, data *timelineData) {
	worst, ended := worstBySlot(c.past.outcomes)
	came := map[int64]store.Arrival{}
	length := int64(slotTime / time.Second)
	for _, a := range c.past.arrivals {
		came[a.At.Unix()/length] = a
	}
	for slot := day.to.Unix() / length; slot >= day.from.Unix()/length; slot-- {
		if came[slot].Orders == 0 && ended[slot] == 0 {
			continue
		}
		begin := time.Unix(slot*length, 0).UTC()
		row := timeRow{From: begin.Format("15:04"), To: begin.Add(slotTime).Format("15:04"), Orders: came[slot].Orders, Pages: came[slot].Pages, Outcomes: ended[slot]}
		if o, ok := worst[slot]; ok {
			row.Worst = string(o.Reason)
		}
		data.Rows = append(data.Rows, row)
	}
}
