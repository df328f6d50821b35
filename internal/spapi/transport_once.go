package spapi

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"sync/atomic"
)

// errSentBefore is why a request is not sent again.
var errSentBefore = errors.New("the connection broke before an answer came")

// sentOnce is ctx for a request that is written once at most. Go's transport sends
// a GET again by itself, and again, when a connection that was used before breaks
// before the answer. Amazon may have counted the first, and nobody has taken a token
// for the second.
//
// There is no setting for it. The second time a connection is chosen, it is closed
// before anything is written to it, and the request is told to end. HTTP/2 is left
// alone: there a request is sent again only when the server says that it has not
// looked at it.
func sentOnce(ctx context.Context) (context.Context, context.CancelCauseFunc) {
	ctx, end := context.WithCancelCause(ctx)
	var written atomic.Bool
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil { // otherwise nothing has left this machine
				written.Store(true)
			}
		},
		GotConn: func(info httptrace.GotConnInfo) {
			if written.Load() && !multiplexed(info.Conn) {
				end(errSentBefore)
				_ = info.Conn.Close() // what it says was said before
			}
		},
	}), end
}

// multiplexed tells whether a connection speaks HTTP/2.
func multiplexed(c net.Conn) bool {
	secure, ok := c.(*tls.Conn)
	return ok && secure.ConnectionState().NegotiatedProtocol == "h2"
}
