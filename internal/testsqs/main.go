// Command testsqs is a queue of Amazon's SQS for tests: goaws 0.5.4, with what it
// holds in memory.
//
// It listens on a free port of the loopback interface, without TLS, writes one
// line of JSON when it serves,
//
//	{"address":"http://127.0.0.1:40123","queue":"http://127.0.0.1:40123/000000000000/notifications"}
//
// and ends when its standard input ends or on SIGTERM, so that it never outlives
// the test that started it. The queue is a standard one with a visibility of 30 s;
// further ones are made through SQS's own interface, which all else goes by too.
//
// goaws checks neither credentials nor policies, hands messages out in the order in
// which they came, and gives each once: what the real one does otherwise is for the
// tests to bring about. It is a module of its own so that what it needs stays out of
// the service's go.mod; goaws's own program would listen on every interface.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/Admiral-Piett/goaws/app/gosqs"
	"github.com/Admiral-Piett/goaws/app/models"
	"github.com/Admiral-Piett/goaws/app/router"
	"github.com/sirupsen/logrus"
)

// account and queue name the queue that is there from the start.
const (
	account = "000000000000"
	queue   = "notifications"
)

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "testsqs:", err)
		os.Exit(1)
	}
}

// run serves until stdin ends or SIGTERM comes.
func run(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	logrus.SetOutput(io.Discard) // it would tell what the messages hold

	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return fmt.Errorf("read the address: %w", err)
	}
	models.CurrentEnvironment.Host, models.CurrentEnvironment.Port = host, port
	models.CurrentEnvironment.AccountID, models.CurrentEnvironment.Region = account, "local"
	models.CurrentEnvironment.QueueAttributeDefaults.VisibilityTimeout = 30

	web := &http.Server{Handler: router.New(), ReadHeaderTimeout: 10 * time.Second}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	quit := make(chan bool)
	go gosqs.PeriodicTasks(100*time.Millisecond, quit) // makes hidden messages visible again
	defer close(quit)

	address := "http://" + listener.Addr().String()
	if err := create(ctx, address); err != nil {
		return err
	}
	if err := json.NewEncoder(stdout).Encode(map[string]string{"address": address, "queue": address + "/" + account + "/" + queue}); err != nil {
		return fmt.Errorf("tell the address: %w", err)
	}

	// Nobody waits for this one: a read of standard input cannot be ended.
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, stdin) // whatever ends it, the test is gone
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	}
	_ = web.Close() // those who wait for an answer are gone as well
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// create makes the queue as anybody would.
func create(ctx context.Context, address string) error {
	form := url.Values{"Action": {"CreateQueue"}, "QueueName": {queue}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("make the queue: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("make the queue: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("make the queue: %s", response.Status)
	}
	return nil
}
