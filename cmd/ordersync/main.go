// Command ordersync keeps the Amazon orders of every customer of a SaaS in step
// with Amazon's Selling Partner API.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// version is set when it is built.
var version = "dev"

func main() {
	ctx, interrupt := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() { // until the process ends
		first := <-signals
		// The first signal lets what is under way end well. A second one ends at
		// once: that holds from before anybody is told of the first.
		signal.Reset(os.Interrupt, syscall.SIGTERM)
		interrupt(fmt.Errorf("%s signal received", first))
	}()
	code := run(ctx, os.Args[1:], outside{in: os.Stdin, out: os.Stdout, err: os.Stderr, now: time.Now, env: os.Getenv, realTime: true})
	os.Exit(code)
}
