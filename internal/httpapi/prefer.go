package httpapi

import (
	"strconv"
	"strings"
	"time"
)

// How long a request waits for a run.
const (
	defaultWait = 50 * time.Second
	maxWait     = 10 * time.Minute
)

// preference is what a client says in its Prefer headers about waiting.
type preference struct {
	wait  time.Duration
	async bool // respond-async was asked for
	asked bool // wait was
}

// parsePrefer reads Prefer headers (RFC 7240). What is not understood is ignored,
// and of a preference that stands twice the first counts. respond-async alone
// means not to wait at all; with wait it means to wait that long.
func parsePrefer(headers []string) preference {
	p := preference{wait: defaultWait}
	for _, header := range headers {
		for _, part := range splitQuoted(header, ',') {
			p.read(part)
		}
	}
	if p.async && !p.asked {
		p.wait = 0
	}
	return p
}

func (p *preference) read(part string) {
	token := splitQuoted(part, ';')[0] // parameters mean nothing here
	name, value, _ := strings.Cut(token, "=")
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "respond-async":
		p.async = true
	case "wait":
		if d, ok := parseWait(value); ok && !p.asked {
			p.wait, p.asked = d, true
		}
	}
}

// parseWait reads whole seconds; more than the limit is the limit.
func parseWait(value string) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
		value = value[1 : n-1]
	}
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return 0, false
	}
	seconds, err := strconv.ParseInt(value, 10, 32)
	if err != nil || seconds > int64(maxWait/time.Second) {
		return maxWait, true // digits only: it is too large
	}
	return time.Duration(seconds) * time.Second, true
}

// splitQuoted splits at sep where it stands outside of a quoted string. It
// returns at least one part.
func splitQuoted(s string, sep byte) []string {
	var parts []string
	quoted, begin := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			parts = append(parts, s[begin:i])
			begin = i + 1
		}
	}
	return append(parts, s[begin:])
}

// applied is the Preference-Applied header: what of it was followed.
func (p preference) applied() string {
	var parts []string
	if p.async {
		parts = append(parts, "respond-async")
	}
	if p.asked {
		parts = append(parts, "wait="+strconv.Itoa(int(p.wait/time.Second)))
	}
	return strings.Join(parts, ", ")
}
