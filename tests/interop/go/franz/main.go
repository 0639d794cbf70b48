// Programs on franz-go, which speaks the newest protocol that a broker offers, each followed by a check of what it kept.
package main

import (
	"context"

	"thalweg/interop/program"
)

func main() {
	program.Main(map[string]func(context.Context) error{
		"codecs":  everyCodec,
		"group":   groupOfTwo,
		"regroup": commitsSurvive,
		"admin":   admin,

		"transactions":       commitAndAbort,
		"transactions-group": consumeProcessProduce,
		"transactions-fence": fencedProducer,
		"transactions-admin": describe,
	})
}
