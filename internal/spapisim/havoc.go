package spapisim

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// How faults reach the wire.

// replacements are the faults that answer instead of the operation, at the API
// and at Login with Amazon. A nil entry: not there.
var replacements = []struct {
	kind FaultKind
	api  func(*call, Fault) answer
	lwa  func(*call, Fault) answer
}{
	{FaultInternal, func(*call, Fault) answer {
		return refusal(http.StatusInternalServerError, "InternalFailure", textInternal, "", "fault")
	}, lwaFault("server_error")},
	{FaultUnavailable, func(*call, Fault) answer {
		return refusal(http.StatusServiceUnavailable, "ServiceUnavailable", "Service is temporarily unavailable. Please try again.", "", "fault")
	}, lwaFault("temporarily_unavailable")},
	{FaultBadGateway, page(http.StatusBadGateway, "502 Bad Gateway"), page(http.StatusBadGateway, "502 Bad Gateway")},
	{FaultGatewayTimeout, page(http.StatusGatewayTimeout, "504 Gateway Time-out"), page(http.StatusGatewayTimeout, "504 Gateway Time-out")},
	{FaultHTML, page(http.StatusBadRequest, "400 Bad Request"), page(http.StatusBadRequest, "400 Bad Request")},
	{FaultEmpty, text(http.StatusOK, ""), text(http.StatusOK, "")},
	{FaultBadJSON, text(http.StatusOK, `{"orders":[{"orderId":"123-`+"\x00\xff"), text(http.StatusOK, `{"access_token":`)},
	{FaultBadStructure, text(http.StatusOK, `{"payload":{"Orders":"none","NextToken":7}}`), text(http.StatusOK, `["bearer"]`)},
	{FaultNullMessage, text(http.StatusBadRequest, `{"message":null}`), text(http.StatusBadRequest, `{"message":null}`)},
	{FaultForbidden, forbiddenFault, nil},
	{FaultInvalid, func(*call, Fault) answer { return invalid("fault") }, nil},
	{FaultTooLarge, func(*call, Fault) answer {
		return refusal(http.StatusRequestEntityTooLarge, "RequestTooLarge", "The request size exceeded the maximum accepted size.", "", "fault")
	}, nil},
	{FaultThrottle, func(c *call, _ Fault) answer { return throttled(c.sw) }, lwaThrottled},
	{FaultDeadToken, func(*call, Fault) answer { return invalid("fault: dead token") }, nil},
	{FaultLWA, nil, func(_ *call, f Fault) answer { return lwaFault(f.Variant)(nil, f) }},
}

// replacement finds the first fault that answers instead of the operation.
func (c *call) replacement() (answer, bool) {
	for _, f := range c.faults {
		for _, r := range replacements {
			build := r.api
			if c.op == Token {
				build = r.lwa
			}
			if r.kind == f.Kind && build != nil {
				return build(c, f), true
			}
		}
	}
	return answer{}, false
}

func forbiddenFault(_ *call, f Fault) answer {
	for _, v := range forbiddenVariants {
		if v.name == f.Variant {
			return v.build()
		}
	}
	return forbiddenVariants[0].build()
}

// lwaThrottled: LWA's own throttling is not documented; this is a guess.
func lwaThrottled(*call, Fault) answer {
	return lwaRefusal(http.StatusTooManyRequests, "slow_down", "Too many requests")
}

func lwaFault(code string) func(*call, Fault) answer {
	return func(*call, Fault) answer {
		for _, v := range lwaVariants {
			if v.code == code {
				return lwaRefusal(v.status, v.code, v.text)
			}
		}
		return lwaRefusal(lwaVariants[0].status, lwaVariants[0].code, lwaVariants[0].text)
	}
}

// page answers with HTML, as Amazon's edge does.
func page(status int, title string) func(*call, Fault) answer {
	body := fmt.Sprintf("<html>\r\n<head><title>%s</title></head>\r\n<body>\r\n<center><h1>%s</h1></center>\r\n</body>\r\n</html>\r\n", title, title)
	return func(*call, Fault) answer {
		return answer{status: status, body: []byte(body), header: http.Header{"Content-Type": {"text/html"}}, reason: "fault"}
	}
}

func text(status int, body string) func(*call, Fault) answer {
	return func(*call, Fault) answer {
		return answer{status: status, body: []byte(body), header: jsonHeader(), reason: "fault", limited: true}
	}
}

// serve lets a call through latency, faults and work to its client, and counts
// it.
func (s *Simulator) serve(w http.ResponseWriter, r *http.Request, c *call, work func() answer) {
	s.mu.Lock()
	s.counts.enter(c)
	s.mu.Unlock()
	status, reason := 0, "no answer"
	defer func() {
		s.mu.Lock()
		s.counts.leave(c, status, reason)
		s.mu.Unlock()
	}()
	if s.sleep(r.Context(), c.latency()) != nil || s.broken(w, r, c) {
		return
	}
	a, replaced := answer{}, false
	if c.op == Token {
		a, replaced = c.replacement()
	}
	if !replaced {
		a = work()
	}
	date, header := s.settle(c, a)
	a = c.spoil(a)
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Set("Date", date.Format(http.TimeFormat))
	w.Header().Set("X-Amzn-Requestid", c.id)
	if header != "" && a.limited {
		w.Header().Set("X-Amzn-Ratelimit-Limit", header)
	}
	if a.reason != "" {
		w.Header().Set("X-Simulator-Reason", a.reason)
	}
	status, reason = a.status, a.reason
	s.write(r.Context(), w, c, a)
}

// settle gives the bucket token back where failures are free, and returns
// Amazon's date and rate for the answer.
func (s *Simulator) settle(c *call, a answer) (date time.Time, rate string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.status >= 300 && c.sw.FailuresFree {
		s.giveBack(c)
	}
	date = s.clock()
	if f, ok := c.fault(FaultDate); ok {
		date = date.Add(f.Delay.D())
	}
	return date, s.rateHeader(c, a.status)
}

// latency is the drawn delay plus that of slow faults.
func (c *call) latency() time.Duration {
	d := c.sw.MinLatency.D()
	if span := c.sw.MaxLatency.D() - d; span > 0 {
		d += time.Duration(c.rng.Int64N(int64(span) + 1))
	}
	if f, ok := c.fault(FaultSlow); ok {
		d += f.Delay.D()
	}
	return d
}

// broken hangs or resets the connection if the call meets such a fault. The
// call still costs its token: Amazon took it in.
func (s *Simulator) broken(w http.ResponseWriter, r *http.Request, c *call) bool {
	hang, reset := c.has(FaultHang), c.has(FaultReset)
	if !hang && !reset {
		return false
	}
	if c.planned() {
		s.mu.Lock()
		if s.take(c) && c.sw.FailuresFree {
			s.giveBack(c)
		}
		s.mu.Unlock()
	}
	if hang {
		<-r.Context().Done()
		return true
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // no connection of its own: the server drops it
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // RST instead of FIN
	}
	_ = conn.Close()
	return true
}

// spoil applies the faults that change a right answer.
func (c *call) spoil(a answer) answer {
	if f, ok := c.fault(FaultBigBody); ok && a.status == http.StatusOK && len(a.body) > 1 {
		orders := bytes.Count(a.body, []byte(`"orderId":`))
		padding := bytes.Repeat([]byte(" "), f.Size*max(1, orders))
		last := len(a.body) - 1
		a.body = append(append(append([]byte{}, a.body[:last]...), padding...), a.body[last])
	}
	if c.has(FaultTruncated) {
		a.body = a.body[:len(a.body)/2]
	}
	if c.has(FaultContentType) {
		a.header = a.header.Clone()
		a.header.Set("Content-Type", "text/plain;charset=ISO-8859-1")
	}
	return a
}

// write sends the answer, slowly or in part where a fault says so.
func (s *Simulator) write(ctx context.Context, w http.ResponseWriter, c *call, a answer) {
	if a.status != http.StatusNoContent { // which must not have one
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	switch {
	case c.has(FaultCut):
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // closes the connection in mid-body
	case c.has(FaultDrip):
		f, _ := c.fault(FaultDrip)
		const pieces = 20
		for i := range pieces {
			if _, err := w.Write(a.body[len(a.body)*i/pieces : len(a.body)*(i+1)/pieces]); err != nil {
				return
			}
			_ = http.NewResponseController(w).Flush()
			if s.sleep(ctx, f.Delay.D()/pieces) != nil {
				return
			}
		}
	default:
		_, _ = w.Write(a.body) // a client that went away is its own affair
	}
}
