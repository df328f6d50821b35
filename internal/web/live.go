package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	// liveEvery is how often a page that is watched is looked at anew.
	liveEvery = 2 * time.Second
	// liveWrite is how long a browser may take to take what is sent.
	liveWrite = 10 * time.Second
)

// stream sends what changes on a page as server-sent events: of each fragment that
// reads otherwise than it did, the whole, to be laid over what stands there. It ends
// when the browser goes away, the session ends, or the service does.
func (d *dashboard) stream(w http.ResponseWriter, r *http.Request, one screen, v *visit) {
	select {
	case d.streams <- struct{}{}:
		defer func() { <-d.streams }()
	default:
		w.Header().Set("Retry-After", "60")
		http.Error(w, "too many pages are watched: load the page again", http.StatusServiceUnavailable)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would keep it back
	control := http.NewResponseController(w)
	// The deadline for reading the request would look as if the browser had gone.
	_ = control.SetReadDeadline(time.Time{}) // some writers have none
	sent := map[string]string{}
	pause := time.NewTicker(liveEvery)
	defer pause.Stop()
	for {
		text, err := d.changes(r.Context(), one, v, sent)
		if err == nil {
			if text == "" {
				text = ": still here\n\n"
			}
			_ = control.SetWriteDeadline(time.Now().Add(liveWrite)) // some writers have none
			if _, err = w.Write([]byte(text)); err == nil {
				err = control.Flush()
			}
			if err != nil {
				return // the browser has gone
			}
		} else if r.Context().Err() == nil {
			d.Log.WarnContext(r.Context(), "watch a page", "page", one.name, "error", err)
		}
		select {
		case <-r.Context().Done():
			return
		case <-pause.C:
		}
		if v = d.again(r, one, v); v == nil {
			return
		}
		if v.Operator() {
			d.renew()
		}
	}
}

// again is the next look at a page by the same visitor; nil when they may not look any
// more.
func (d *dashboard) again(r *http.Request, one screen, before *visit) *visit {
	ctx, cancel := context.WithTimeout(r.Context(), screenTime)
	defer cancel()
	who, err := d.who(ctx, r)
	if err != nil || one.operator && !who.Operator() {
		return nil
	}
	v := *before
	v.Viewer, v.Now, v.Data = who, d.Now(), nil
	v.ReadAt = v.Now
	v.needs(d.pill(ctx, who))
	return &v
}

// changes is a message of what reads otherwise than what was sent; "" for nothing.
func (d *dashboard) changes(ctx context.Context, one screen, v *visit, sent map[string]string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, screenTime)
	defer cancel()
	data, err := one.load(d, ctx, v)
	if err != nil {
		return "", err
	}
	v.Data = data
	var message strings.Builder
	for _, name := range append([]string{"pill", "updated"}, one.live...) {
		html, err := d.fragment(v, one.name, name)
		if err != nil {
			return "", err
		}
		if sent[name] == html {
			continue
		}
		sent[name] = html
		_, _ = fmt.Fprintf(&message, "<hx-partial hx-target=\"#%s\" hx-swap=\"innerMorph\">%s</hx-partial>", name, html)
	}
	if message.Len() == 0 {
		return "", nil
	}
	return event(message.String()), nil
}

// event is a message of the stream. WHATWG HTML, "Server-sent events".
func event(text string) string {
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	return "data: " + strings.ReplaceAll(text, "\n", "\ndata: ") + "\n\n"
}
