package spapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"ordersync"
)

// errorBodyLimit is how much of an error's body is read: enough for its code.
const errorBodyLimit = 64 << 10

// maxHeader is how much of a header's value is kept, in bytes.
const maxHeader = 64

// defaultTransport keeps connections to the few hosts that all tenants share.
func defaultTransport() http.RoundTripper {
	standard, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // somebody replaced it, and knows why
		return http.DefaultTransport
	}
	t := standard.Clone()
	t.MaxIdleConns = 1024
	t.MaxIdleConnsPerHost = 256
	return t
}

// answer is an HTTP answer, read to its end or, for an error, to errorBodyLimit.
type answer struct {
	status int
	header http.Header
	body   []byte
	meta   Meta
	start  time.Time
	end    time.Time
}

// send sends a request and reads its answer within CallTimeout. An answer of
// any status is no error here. The error's operation is op. Region is for who
// watches; "": the request has none.
func (c *Client) send(ctx context.Context, op ordersync.Operation, region ordersync.Region, request *http.Request) (answer, error) {
	if c.config.Watch == nil {
		return c.exchange(ctx, op, request)
	}
	ctx, end := c.config.Watch(ctx, op, region)
	got, err := c.exchange(ctx, op, request)
	end(sentOf(got, err))
	return got, err
}

// exchange is send without anybody who watches.
func (c *Client) exchange(ctx context.Context, op ordersync.Operation, request *http.Request) (answer, error) {
	callCtx, cancel := context.WithTimeout(ctx, c.config.CallTimeout)
	defer cancel()
	once, end := sentOnce(callCtx)
	defer end(nil)
	request = request.WithContext(once)
	request.Header.Set("user-agent", c.config.UserAgent)

	got := answer{start: c.config.Now()}
	response, err := c.http.Do(request)
	if err != nil {
		got.end = c.config.Now()
		if errors.Is(context.Cause(once), errSentBefore) {
			err = errSentBefore
		}
		return got, c.transportError(ctx, callCtx, op, got, err)
	}
	// Closing tells nothing that reading has not told. A transport whose bodies
	// do not heed the context is stopped by it all the same.
	closeBody := func() { _ = response.Body.Close() }
	defer closeBody()
	stop := context.AfterFunc(callCtx, closeBody)
	defer stop()

	got.status, got.header = response.StatusCode, response.Header
	got.meta = readMeta(response.Header)
	got.body, err = c.readBody(response)
	got.end = c.config.Now()
	got.meta.Latency = got.end.Sub(got.start)
	switch {
	case errors.Is(err, errTooLarge):
		return got, &Error{Operation: op, Kind: TooLarge, Status: got.status, Meta: got.meta, cause: err}
	case err != nil && got.status == http.StatusOK, err != nil && callCtx.Err() != nil:
		return got, c.transportError(ctx, callCtx, op, got, err)
	}
	return got, nil // an error's body that broke off is judged by its status
}

var errTooLarge = errors.New("the body is over the limit")

// readBody reads at most BodyLimit bytes; of an error, the first errorBodyLimit.
func (c *Client) readBody(response *http.Response) ([]byte, error) {
	if response.StatusCode != http.StatusOK {
		return io.ReadAll(io.LimitReader(response.Body, errorBodyLimit))
	}
	limit := c.config.BodyLimit
	if response.ContentLength > limit {
		return nil, errTooLarge
	}
	var buffer bytes.Buffer
	if response.ContentLength > 0 {
		buffer.Grow(int(min(response.ContentLength, 1<<20)) + bytes.MinRead)
	}
	n, err := buffer.ReadFrom(io.LimitReader(response.Body, min(limit, math.MaxInt64-1)+1))
	if n > limit {
		return nil, errTooLarge
	}
	return buffer.Bytes(), err
}

func readMeta(header http.Header) Meta {
	var meta Meta
	meta.RequestID = cutText(visible(header.Get("x-amzn-RequestId")), maxHeader)
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		meta.Date = date.UTC()
	}
	if raw := header.Get("x-amzn-RateLimit-Limit"); raw != "" {
		rate, err := strconv.ParseFloat(raw, 64)
		if err != nil || math.IsNaN(rate) || math.IsInf(rate, 0) || rate <= 0 {
			meta.BadRate = cutText(visible(raw), maxHeader)
		} else {
			meta.Rate = rate
		}
	}
	return meta
}

// transportError judges a request that got no complete answer.
func (c *Client) transportError(ctx, callCtx context.Context, op ordersync.Operation, got answer, err error) *Error {
	var addressed *url.Error
	for errors.As(err, &addressed) {
		err = addressed.Err // its text is the address, which may hold a token
	}
	got.meta.Latency = got.end.Sub(got.start)
	failed := &Error{Operation: op, Status: got.status, Meta: got.meta, cause: err, detail: describe(err)}
	var network net.Error
	switch {
	case ctx.Err() != nil:
		failed.Kind, failed.cause, failed.detail = Cancelled, context.Cause(ctx), ""
	case callCtx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		failed.Kind, failed.detail = TimedOut, ""
	case got.status != 0 && errors.Is(err, io.ErrUnexpectedEOF):
		failed.Kind, failed.detail = BadResponse, "it broke off"
	default:
		failed.Kind = Unavailable
	}
	return failed
}

// describe says what failed in the network, in words of ours or of errors whose
// texts are known to hold no more than host names.
func describe(err error) string {
	var (
		dns         *net.DNSError
		errno       syscall.Errno
		certificate *tls.CertificateVerificationError
		authority   x509.UnknownAuthorityError
	)
	switch {
	case errors.As(err, &dns):
		return "its host name was not resolved"
	case errors.As(err, &authority):
		return "its certificate is signed by an unknown authority"
	case errors.As(err, &certificate):
		return "its certificate is not valid"
	case errors.As(err, &errno):
		return errno.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errSentBefore):
		return "the connection was closed"
	}
	return "the connection failed"
}
