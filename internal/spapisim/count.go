package spapisim

import (
	"cmp"
	"slices"
	"time"
)

// Count is how often a seller's operation was answered with a status. Status 0
// are calls that got no answer: hung up, reset, or left by the client.
type Count struct {
	Seller    string `json:"seller,omitzero"` // "": the caller could not be told
	Operation string `json:"operation,omitzero"`
	Status    int    `json:"status"`
	Calls     int    `json:"calls"`
}

// Counters are what the simulator has seen since it began or ResetCounters.
type Counters struct {
	Calls []Count `json:"calls"` // by seller, operation, status
	// InFlight are calls being answered now, MaxInFlight the most there were,
	// MaxPerSeller the most of one seller at once (token requests apart).
	InFlight     int `json:"inFlight"`
	MaxInFlight  int `json:"maxInFlight"`
	MaxPerSeller int `json:"maxPerSeller"`
}

// Total adds up the calls of an operation ("": any), status (-1: any) and
// seller ("": any).
func (c Counters) Total(seller, operation string, status int) int {
	n := 0
	for _, row := range c.Calls {
		if (seller == "" || row.Seller == seller) && (operation == "" || row.Operation == operation) && (status < 0 || row.Status == status) {
			n += row.Calls
		}
	}
	return n
}

// CallRecord is one answered call. No token and no body is kept.
type CallRecord struct {
	At        time.Time `json:"at"` // Amazon's clock, when the request came in
	RequestID string    `json:"requestId"`
	Seller    string    `json:"seller,omitzero"`
	Operation string    `json:"operation,omitzero"`
	Query     string    `json:"query,omitzero"` // as sent; of a token request nothing
	Page      int       `json:"page,omitzero"`
	Status    int       `json:"status"`
	Reason    string    `json:"reason,omitzero"`
}

const keptCalls = 1000

type counters struct {
	calls     map[Count]int // Calls is 0 in the keys
	inFlight  int
	most      int
	perSeller map[string]int
	mostOfOne int
	anonymous map[string]int // calls without a seller, by operation
	log       []CallRecord   // a ring once it holds keptCalls
	logged    int
}

func newCounters() counters {
	return counters{calls: map[Count]int{}, perSeller: map[string]int{}, anonymous: map[string]int{}}
}

func (k *counters) enter(c *call) {
	k.inFlight++
	k.most = max(k.most, k.inFlight)
	if c.sel != nil && c.op != Token {
		k.perSeller[c.sel.Key]++
		k.mostOfOne = max(k.mostOfOne, k.perSeller[c.sel.Key])
	}
}

func (k *counters) leave(c *call, status int, reason string) {
	k.inFlight--
	row := Count{Operation: c.op, Status: status}
	if c.sel != nil {
		row.Seller = c.sel.Key
		if c.op != Token {
			k.perSeller[c.sel.Key]--
		}
	}
	k.calls[row]++
	entry := CallRecord{
		At: c.now, RequestID: c.id, Seller: row.Seller, Operation: c.op, Query: c.query,
		Page: c.page, Status: status, Reason: reason,
	}
	if len(k.log) < keptCalls {
		k.log = append(k.log, entry)
	} else {
		k.log[k.logged%keptCalls] = entry
	}
	k.logged++
}

// Counters reads what was called.
func (s *Simulator) Counters() Counters {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := Counters{InFlight: s.counts.inFlight, MaxInFlight: s.counts.most, MaxPerSeller: s.counts.mostOfOne}
	for row, n := range s.counts.calls {
		row.Calls = n
		out.Calls = append(out.Calls, row)
	}
	slices.SortFunc(out.Calls, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Seller, b.Seller), cmp.Compare(a.Operation, b.Operation), cmp.Compare(a.Status, b.Status))
	})
	return out
}

// ResetCounters begins counting anew; draws and buckets are not touched.
func (s *Simulator) ResetCounters() {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := &s.counts
	k.calls, k.log, k.logged = map[Count]int{}, nil, 0
	k.most, k.mostOfOne = k.inFlight, 0
	for _, n := range k.perSeller {
		k.mostOfOne = max(k.mostOfOne, n)
	}
}

// Calls returns the last calls, at most a thousand, oldest first.
func (s *Simulator) Calls() []CallRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := &s.counts
	if len(k.log) < keptCalls {
		return slices.Clone(k.log)
	}
	from := k.logged % keptCalls
	return append(slices.Clone(k.log[from:]), k.log[:from]...)
}
