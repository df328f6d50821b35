package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"ordersync"
)

// visit is one look at a page: who looks, in which words, at what. Templates are
// filled with it.
type visit struct {
	Viewer
	Lang  string // "en" or "fr"
	Theme string // "light", "dark", or "" as the system has it
	// Entries are the navigation.
	Entries []entry
	Path    string // of the page
	Query   url.Values
	Now     time.Time
	// ReadAt is when what the page shows was read.
	ReadAt time.Time
	// Version is the program's.
	Version string
	// Needs is how many things need a human; -1 when that is not known.
	Needs int
	// Data is what the page's load has read.
	Data any

	words    words
	inFrench func(string) string // see [Config]
	live     []string
	request  *http.Request
}

func (d *dashboard) newVisit(r *http.Request, who Viewer) *visit {
	v := &visit{
		Viewer: who, Lang: screenLanguage(r), Path: r.URL.Path, Query: r.URL.Query(),
		Now: d.Now(), Version: d.Version, Needs: -1, request: r,
	}
	v.ReadAt = v.Now
	v.ReadAt = v.Now
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "light" || c.Value == "dark") {
		v.Theme = c.Value
	}
	v.Query.Del("live") // addresses that are made of this one lead to the page itself
	v.words, v.inFrench = wordsOf(v.Lang), d.InFrench
	return v
}

func (v *visit) needs(n int, known bool) {
	if known {
		v.Needs = n
	}
}

// param is a part of the page's path.
func (v *visit) param(name string) string { return v.request.PathValue(name) }

// form is a field of the form that was sent.
func (v *visit) form(name string) string { return v.request.PostForm.Get(name) }

// T says an English sentence in the visitor's language; what follows stands in the
// place of its %s, numbers written as the language writes them.
func (v *visit) T(english string, args ...any) string { return v.words.say(english, args...) }

// TN says of n either the one sentence or the other.
func (v *visit) TN(n any, one, many string, args ...any) string {
	return v.words.count(n, one, many, args...)
}

// Live is where the page's changes are streamed from; "" when it has none.
func (v *visit) Live() string {
	if len(v.live) == 0 {
		return ""
	}
	return v.With("live", "1")
}

// With is the page's address with one parameter set otherwise; "" takes it away.
func (v *visit) With(name, value string) string {
	q := url.Values{}
	for k, have := range v.Query {
		q[k] = have
	}
	if value == "" {
		q.Del(name)
	} else {
		q.Set(name, value)
	}
	if len(q) == 0 {
		return v.Path
	}
	return v.Path + "?" + q.Encode()
}

// Ago is how long ago a time was, with the time itself for machines and for who
// points at it.
func (v *visit) Ago(t time.Time) template.HTML {
	return v.moment(t, v.words.span(v.Now.Sub(t)))
}

// In is how long it is until a time.
func (v *visit) In(t time.Time) template.HTML {
	if t.Sub(v.Now) < time.Second {
		return v.moment(t, v.words.say("now"))
	}
	return v.moment(t, v.words.say("in %s", v.words.span(t.Sub(v.Now))))
}

// At is a time as the clock shows it: the hour when it lies within a day, else the
// date.
func (v *visit) At(t time.Time) template.HTML {
	return v.moment(t, v.words.clock(t, v.Now))
}

// Promised is the date of what was promised for a day: Amazon names its first and its last
// second.
func (v *visit) Promised(t time.Time) template.HTML {
	return v.moment(t, v.words.date(t, v.Now))
}

// ReadText is when what the page shows was read: the only place that tells today's date.
func (v *visit) ReadText() string {
	return v.words.date(v.ReadAt, time.Time{}) + ", " + v.ReadAt.UTC().Format("15:04:05")
}

// Moment is a time in a sentence, as At writes it.
func (v *visit) Moment(t time.Time) string { return v.words.clock(t, v.Now) }

func (v *visit) moment(t time.Time, text string) template.HTML {
	if t.IsZero() {
		return template.HTML(template.HTMLEscapeString(v.words.say("never"))) //nolint:gosec // escaped
	}
	exact := t.UTC().Format(time.RFC3339)
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, exact, exact, template.HTMLEscapeString(text))) //nolint:gosec // escaped
}

// Sentence is a reason's sentence.
func (v *visit) Sentence(r ordersync.Reason) string {
	if v.Lang == "fr" {
		return r.Info().French
	}
	return r.Info().English
}
