// Command testvault is a real Vault core for tests: HashiCorp Vault 1.14.2, the
// newest version under an open-source licence that can be had as a Go module, with
// its storage in memory.
//
// It listens on a free port of the loopback interface, without TLS, writes one
// line of JSON when it serves,
//
//	{"address":"http://127.0.0.1:40123","rootToken":"hvs.…","unsealKey":"…"}
//
// and ends when its standard input ends or on SIGTERM, so that it never outlives
// the test that started it. All else is done through Vault's HTTP API: sealing
// (sys/seal), unsealing (sys/unseal), policies, mounts, logins. There is a KV
// store of version 2 at secret/, AppRole at auth/approle, and no audit device.
//
// It lacks what an open-source core without plugins lacks: namespaces, Kubernetes
// and all other logins, standby nodes, and every secrets engine but KV. It is a
// module of its own so that Vault's two hundred modules stay out of the service's
// go.mod. Version 1.14 gets no fixes any more: nothing but a test may use it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/vault"
)

func main() {
	if err := run(context.Background(), os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "testvault:", err)
		os.Exit(1)
	}
}

// run serves until stdin ends or SIGTERM comes.
func run(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()

	server, err := newServer(ctx)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	web := &http.Server{
		Handler:           vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: server.core}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()

	server.Address = "http://" + listener.Addr().String()
	if err := json.NewEncoder(stdout).Encode(server); err != nil {
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
