// Programs on segmentio/kafka-go, each followed by a check of what the broker kept.
package main

import (
	"context"

	"thalweg/interop/program"
)

func main() {
	program.Main(map[string]func(context.Context) error{
		"writer": writerAndReader,
		"codecs": everyCodec,
		"group":  groupOfTwo,
		"commit": commitsSurvive,
		"api":    api,
	})
}
