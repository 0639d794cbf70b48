// Package program is what the programs of all Go clients have in common: where they are run, what they send, and the
// check of what comes back.
//
//	BOOTSTRAP=host:port PREFIX=text- FIRST_TIMESTAMP=ms PROGRAM CASE
package program

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

var (
	Bootstrap = os.Getenv("BOOTSTRAP")
	Topic     = os.Getenv("PREFIX") + "user-events"
	GroupID   = os.Getenv("PREFIX") + "my-consumer-group"

	firstTimestamp, _ = strconv.ParseInt(os.Getenv("FIRST_TIMESTAMP"), 10, 64)
)

// Main runs the case that the command line names.
func Main(cases map[string]func(context.Context) error) {
	run, known := cases[os.Args[len(os.Args)-1]]
	if !known {
		fmt.Fprintln(os.Stderr, "FAILED: no such case")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
}
