// The guide's Go programs on sarama, each followed by a check of what the broker kept.
//
//	BOOTSTRAP=host:port PREFIX=text- [SARAMA_VERSION=x.y.z] sarama CASE
package main

import (
	"fmt"
	"os"
)

var prefix = os.Getenv("PREFIX")

// The guide's topics, behind the runner's prefix.
var (
	userEvents         = prefix + "user-events"
	orderEvents        = prefix + "order-events"
	paymentEvents      = prefix + "payment-events"
	emailEvents        = prefix + "email-events"
	notificationEvents = prefix + "notification-events"
	cleanupEvents      = prefix + "cleanup-events"
	deadLetters        = prefix + "dead-letters"
)

var cases = map[string]func() error{
	"sync-producer":  syncProducer,
	"async-producer": asyncProducer,
	"batch-producer": batchProducer,
	"group":          groupRoundRobin,
	"group-resumes":  groupResumes,
	"retry":          retryAndDeadLetters,
	"transform":      transform,
	"admin":          admin,
	"schema-id":      schemaRegistry,
	"transactions":   transactions,
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
