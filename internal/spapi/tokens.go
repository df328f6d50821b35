package spapi

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"time"
)

// tokenMargin is how long before its end an access token is no longer used.
const tokenMargin = 60 * time.Second

// identity is everything that an access token depends on. A cache with a
// smaller key gives one seller's data to another.
type identity [sha256.Size]byte

func (c *Client) identity(kind, credential string) identity {
	h := sha256.New()
	for _, part := range []string{c.config.LWAURL, c.config.ClientID, c.config.ClientSecret(), kind, credential} {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write([]byte(part))
	}
	var id identity
	h.Sum(id[:0])
	return id
}

// tokenCache keeps access tokens and makes one request at a time for each
// identity. Failures are not kept. Its zero value with most set is ready.
type tokenCache struct {
	mu      sync.Mutex
	most    int
	kept    map[identity]*list.Element // of keptToken
	byAge   list.List                  // oldest first
	flights map[identity]*flight
}

type keptToken struct {
	id    identity
	token string
	from  string    // the application's secret that it was got with
	until time.Time // usable before
}

// flight is a token request on its way.
type flight struct {
	done  chan struct{}
	token string
	err   error
}

// get is the kept token of id, or the one that ask gets. Whoever waits may
// leave by its context; the request goes on for the others, within timeout.
func (t *tokenCache) get(ctx context.Context, id identity, now func() time.Time, timeout time.Duration, ask func(context.Context) (grant, error)) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", &Error{Operation: TokenOperation, Kind: Cancelled, cause: context.Cause(ctx)}
	}
	t.mu.Lock()
	if element, ok := t.kept[id]; ok {
		if kept := element.Value.(keptToken); now().Before(kept.until) {
			t.mu.Unlock()
			return kept.token, nil
		}
	}
	f, flying := t.flights[id]
	if !flying {
		f = &flight{done: make(chan struct{})}
		if t.flights == nil {
			t.flights = map[identity]*flight{}
		}
		t.flights[id] = f
		go t.fly(context.WithoutCancel(ctx), f, id, now, timeout, ask)
	}
	t.mu.Unlock()
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return "", &Error{Operation: TokenOperation, Kind: Cancelled, cause: context.Cause(ctx)}
	}
}

// fly makes the request and lands it.
func (t *tokenCache) fly(ctx context.Context, f *flight, id identity, now func() time.Time, timeout time.Duration, ask func(context.Context) (grant, error)) {
	f.err = &Error{Operation: TokenOperation, Kind: Bug, detail: "the token request panicked"}
	defer func() {
		_ = recover() // one tenant's panic must not end the process; its waiters get the error above
		t.mu.Lock()
		delete(t.flights, id)
		t.mu.Unlock()
		close(f.done)
	}()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	asked := now()
	given, err := ask(ctx)
	f.token, f.err = given.access, err
	if err == nil {
		t.keep(keptToken{id, given.access, given.secret, asked.Add(given.life - tokenMargin)}, now())
	}
}

// keep stores a token. When the cache is full, tokens past their use leave
// first, then the oldest.
func (t *tokenCache) keep(k keptToken, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.remove(t.kept[k.id])
	if !now.Before(k.until) {
		return
	}
	if t.kept == nil {
		t.kept = map[identity]*list.Element{}
	}
	if len(t.kept) >= t.most {
		t.evict(now)
	}
	t.kept[k.id] = t.byAge.PushBack(k)
}

func (t *tokenCache) evict(now time.Time) {
	for element := t.byAge.Front(); element != nil; {
		next := element.Next()
		if !now.Before(element.Value.(keptToken).until) {
			t.remove(element)
		}
		element = next
	}
	for len(t.kept) >= t.most {
		t.remove(t.byAge.Front())
	}
}

func (t *tokenCache) remove(element *list.Element) {
	if element == nil {
		return
	}
	delete(t.kept, element.Value.(keptToken).id)
	t.byAge.Remove(element)
}

// from is the application's secret that a kept token was got with; "" when it is not
// kept.
func (t *tokenCache) from(id identity, token string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if element, ok := t.kept[id]; ok {
		if kept := element.Value.(keptToken); kept.token == token {
			return kept.from
		}
	}
	return ""
}

// drop forgets the token of id; only if it is token, unless token is "".
func (t *tokenCache) drop(id identity, token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	element, ok := t.kept[id]
	if ok && (token == "" || element.Value.(keptToken).token == token) {
		t.remove(element)
	}
}
