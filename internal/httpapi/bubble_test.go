package httpapi_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ordersync/internal/httpapi"
	"ordersync/internal/store/storetest"
)

// inBubble tells a story in virtual time. The database is made outside of it.
func inBubble(t *testing.T, story func(w *world), change ...func(*httpapi.Config)) {
	t.Helper()
	t.Parallel()
	url := storetest.New(t, storetest.SQLite)
	synctest.Test(t, func(t *testing.T) { story(openWorld(t, storetest.SQLite, url, change...)) })
}

// serve serves the interface on pipes, as `ordersync serve` does on a socket: a
// bubble's clock stands still while a goroutine waits for one. It returns dial.
func (w *world) serve() func() net.Conn {
	w.t.Helper()
	l := &pipeListener{calls: make(chan net.Conn), done: make(chan struct{})}
	server := &http.Server{Handler: w.handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute}
	server.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	served := make(chan struct{})
	go func() {
		_ = server.Serve(l)
		close(served)
	}()
	w.t.Cleanup(func() {
		w.must(server.Shutdown(context.Background())) // it waits for every request to end
		<-served
	})
	return func() net.Conn {
		client, far := net.Pipe()
		w.t.Cleanup(func() { _ = client.Close() })
		l.calls <- far
		return client
	}
}

// pipeListener listens to dial.
type pipeListener struct {
	calls chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.calls:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
