// Programs on confluent-kafka-go, which brings librdkafka 2.2.0, each followed by a check of what the broker kept.
package main

import (
	"context"

	"thalweg/interop/program"
)

func main() {
	program.Main(map[string]func(context.Context) error{
		"codecs":      everyCodec,
		"idempotent":  idempotent,
		"group":       func(ctx context.Context) error { return groupOfTwo(ctx, "range") },
		"cooperative": func(ctx context.Context) error { return groupOfTwo(ctx, "cooperative-sticky") },
		"admin":       admin,
	})
}
