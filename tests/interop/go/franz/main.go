// Programs on franz-go, which speaks the newest protocol that a broker offers, each followed by a check of what it kept.
//
//	BOOTSTRAP=host:port PREFIX=text- FIRST_TIMESTAMP=ms franz CASE
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"
)

var (
	bootstrap = os.Getenv("BOOTSTRAP")
	topic     = os.Getenv("PREFIX") + "user-events"
	groupID   = os.Getenv("PREFIX") + "my-consumer-group"

	firstTimestamp, _ = strconv.ParseInt(os.Getenv("FIRST_TIMESTAMP"), 10, 64)
)

var cases = map[string]func(context.Context) error{
	"codecs":  everyCodec,
	"group":   groupOfTwo,
	"regroup": commitsSurvive,
	"admin":   admin,
}

func main() {
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
