package spapisim

import (
	"encoding/base64"
	"math/rand/v2"
	"slices"
	"sort"
	"time"
)

// Walks and pagination tokens. Amazon model orders_2026-01-01.json, Pagination.

// walk is the reading of all pages of one query.
type walk struct {
	id       int
	clientID string
	fixed    string
	started  time.Time
	bound    time.Time // the upper bound in force
}

// pageToken is where a page begins.
type pageToken struct {
	walk   *walk
	page   int // the page it leads to, from 2
	issued time.Time
	after  place  // keyset: the last order served
	offset int    // offset: how many were served
	lastID string // for duplicates
}

// walkStore holds a seller's tokens. seller.mu guards it.
type walkStore struct {
	tokens map[string]*pageToken
	queue  []string // in order of issue
	walks  int
	issued int
}

func newWalkStore() walkStore { return walkStore{tokens: map[string]*pageToken{}} }

// pageOf is the page of a walk that a token leads to: 1 without a token, 0 when
// it is unknown.
func (sel *seller) pageOf(token string) int {
	if token == "" {
		return 1
	}
	if sel == nil {
		return 0
	}
	sel.mu.Lock()
	defer sel.mu.Unlock()
	if t := sel.walks.tokens[token]; t != nil {
		return t.page
	}
	return 0
}

// start finds the page a query asks for; nil: its token is dead, another
// seller's or application's, or its parameters changed.
func (ws *walkStore) start(q *query, c *call, now time.Time) *pageToken {
	ttl := c.sw.TTL.D()
	if ttl == 0 {
		ttl = defaultTTL
	}
	ws.forget(now.Add(-ttl))
	if q.token == "" {
		ws.walks++
		bound := now.Add(-c.sw.searchDelay())
		if q.closed {
			bound = q.to
		}
		return &pageToken{page: 1, issued: now, walk: &walk{
			id: ws.walks, clientID: c.app.ClientID, fixed: q.fixed, started: now, bound: bound,
		}}
	}
	t := ws.tokens[q.token]
	if t == nil || t.walk.clientID != c.app.ClientID || t.walk.fixed != q.fixed {
		return nil
	}
	born := t.issued
	if c.sw.Life == LifeWalk {
		born = t.walk.started
	}
	if now.Sub(born) > ttl {
		return nil
	}
	if c.sw.Echo == EchoMoving && !q.closed {
		t.walk.bound = now.Add(-c.sw.searchDelay())
	}
	return t
}

// forget drops tokens issued before a time.
func (ws *walkStore) forget(before time.Time) {
	for len(ws.queue) > 0 && ws.tokens[ws.queue[0]].issued.Before(before) {
		delete(ws.tokens, ws.queue[0])
		ws.queue = ws.queue[1:]
	}
}

// issue makes the token for the page after t. It always contains + / and =,
// which a client has to encode exactly once.
func (ws *walkStore) issue(seed uint64, sellerKey string, next pageToken) string {
	ws.issued++
	rng := draw(seed, "page", sellerKey, ws.issued)
	raw := []byte{0xFB, 0xFF, 0xBF} // "+/+/"
	for range 6 {
		bits := rng.Uint64()
		for range 8 {
			raw = append(raw, byte(bits))
			bits >>= 8
		}
	}
	raw = append(raw, byte(rng.Uint64())) // 52 bytes: "==" at the end
	token := base64.StdEncoding.EncodeToString(raw)
	ws.tokens[token] = &next
	ws.queue = append(ws.queue, token)
	return token
}

// found is one page of orders.
type found struct {
	versions []version
	next     *pageToken // nil: this was the last page
}

// read collects the page that begins at t. seller.mu is held.
func (b *orderBook) read(q *query, t *pageToken, c *call, now time.Time, seed uint64) found {
	ordered, compare := b.ordered(q, t.walk.bound, c.sw.Sort)
	i, skip := 0, 0
	if c.sw.Tokens == TokenOffset {
		skip = t.offset
	} else if t.after.id != "" {
		i = sort.Search(len(ordered), func(i int) bool { return compare(keyOf(ordered[i], c.sw.Sort), t.after) > 0 })
	}
	size := q.results
	rng := draw(seed, "page size", c.sel.Key, t.walk.id, t.page)
	if c.sw.ShortPages {
		size = shortPage(rng, size)
	}
	var out found
	if r := b.records[t.lastID]; c.sw.Twice == DuplicatesWalk && size > 1 && r != nil && r.listed {
		out.versions = append(out.versions, r.indexed)
	}
	if c.sw.Twice == DuplicatesPage && size > 1 {
		size-- // room for the first order once more
	}
	next := *t
	next.page++
	for ; i < len(ordered); i++ {
		r := ordered[i]
		if !q.wants(&r.indexed, now) {
			continue
		}
		if skip > 0 {
			skip--
			continue
		}
		if len(out.versions) >= size {
			next.issued = now
			out.next = &next
			break
		}
		out.versions = append(out.versions, r.indexed)
		next.after, next.lastID = keyOf(r, c.sw.Sort), r.id
		next.offset++
	}
	if c.sw.Twice == DuplicatesPage && len(out.versions) > 0 && len(out.versions) < q.results {
		out.versions = append(out.versions, out.versions[0])
	}
	return out
}

// shortPage draws a page size: often the asked one, sometimes less, rarely none.
func shortPage(rng *rand.Rand, size int) int {
	switch rng.IntN(8) {
	case 0:
		return 0
	case 1, 2, 3:
		return 1 + rng.IntN(size)
	}
	return size
}

// keyOf is where an order stands in the answer's order.
func keyOf(r *record, by Sort) place {
	if by == SortCreated {
		return createdKey(r)
	}
	return updatedKey(r)
}

// ordered returns the orders of the window as the search sorts them, and the
// comparison that does.
func (b *orderBook) ordered(q *query, bound time.Time, by Sort) ([]*record, func(p, q place) int) {
	index, key := b.byUpdated, updatedKey
	if q.created {
		index, key = b.byCreated, createdKey
	}
	lo := sort.Search(len(index), func(i int) bool { return !key(index[i]).at.Before(q.from) })
	hi := sort.Search(len(index), func(i int) bool { return key(index[i]).at.After(bound) })
	span := index[min(lo, hi):hi]
	compare := place.compare
	if by == SortUpdatedDesc {
		compare = func(p, q place) int { return q.compare(p) }
	}
	if by != SortUpdatedDesc && (by == SortCreated) == q.created {
		return span, compare
	}
	span = slices.Clone(span)
	slices.SortFunc(span, func(x, y *record) int { return compare(keyOf(x, by), keyOf(y, by)) })
	return span, compare
}
