package kafka

import (
	"context"
	"sync"
)

// First is the first error of several goroutines, which ends the work of all.
type First struct {
	cancel context.CancelFunc
	mutex  sync.Mutex
	ended  bool
	err    error
}

// UntilFirst is a context that ends with ctx, or with the first Fail.
func UntilFirst(ctx context.Context) (context.Context, *First) {
	ctx, cancel := context.WithCancel(ctx)
	return ctx, &First{cancel: cancel}
}

// Fail ends the context. Nil: without an error, as when the work is done; what comes later counts no more.
func (f *First) Fail(err error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if !f.ended {
		f.ended, f.err = true, err
		f.cancel()
	}
}

func (f *First) Err() error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.err
}
