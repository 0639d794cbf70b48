// Programs on confluent-kafka-go, which brings librdkafka 2.2.0, each followed by a check of what the broker kept.
//
//	BOOTSTRAP=host:port PREFIX=text- confluent CASE
package main

import (
	"fmt"
	"os"
	"strconv"
)

var (
	bootstrap = os.Getenv("BOOTSTRAP")
	topic     = os.Getenv("PREFIX") + "user-events"
	groupID   = os.Getenv("PREFIX") + "my-consumer-group"

	firstTimestamp, _ = strconv.ParseInt(os.Getenv("FIRST_TIMESTAMP"), 10, 64)
)

var cases = map[string]func() error{
	"codecs":      everyCodec,
	"idempotent":  idempotent,
	"group":       func() error { return groupOfTwo("range") },
	"cooperative": func() error { return groupOfTwo("cooperative-sticky") },
	"admin":       admin,
}

func main() {
	run, known := cases[os.Args[len(os.Args)-1]]
	if !known {
		fmt.Fprintln(os.Stderr, "FAILED: no such case")
		os.Exit(2)
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
}
