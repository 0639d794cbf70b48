package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"thalweg/interop/program"
)

var transactionalID = os.Getenv("PREFIX") + "tx"

func end(commit bool) kgo.TransactionEndTry {
	if commit {
		return kgo.TryCommit
	}
	return kgo.TryAbort
}

func committedReader(name string) (*kgo.Client, error) {
	return newClient(kgo.ConsumeTopics(name), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
}

// commitAndAbort: every third transaction is aborted; a reader of what is committed sees the others, once and in order.
func commitAndAbort(ctx context.Context) error {
	if err := createTopic(ctx, program.Topic, 3); err != nil {
		return err
	}
	producer, err := newClient(kgo.TransactionalID(transactionalID), kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)))
	if err != nil {
		return err
	}
	defer producer.Close()
	for transaction, i := 0, 0; transaction < 15; transaction++ {
		if err := producer.BeginTransaction(); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		var records []*kgo.Record
		for n := i; n < i+60; n++ {
			records = append(records, record(program.Topic, n))
		}
		if err := producer.ProduceSync(ctx, records...).FirstErr(); err != nil {
			return fmt.Errorf("produce: %w", err)
		}
		commit := transaction%3 != 1
		if err := producer.EndTransaction(ctx, end(commit)); err != nil {
			return fmt.Errorf("end: %w", err)
		}
		if commit {
			i += 60 // what was aborted is sent again
		}
	}
	reader, err := committedReader(program.Topic)
	if err != nil {
		return err
	}
	defer reader.Close()
	s := program.NewSeen()
	if err := poll(ctx, reader, s, func() bool { return s.Count() >= 600 }); err != nil {
		return err
	}
	return s.Exactly(0, 600)
}

// consumeProcessProduce moves records in transactions with a group; some are aborted, and read again.
func consumeProcessProduce(ctx context.Context) error {
	const count = 600
	in, out := program.Topic+"-in", program.Topic+"-out"
	for _, name := range []string{in, out} {
		if err := createTopic(ctx, name, 3); err != nil {
			return err
		}
	}
	if err := produce(ctx, in, 0, count); err != nil {
		return err
	}
	session, err := kgo.NewGroupTransactSession(kgo.SeedBrokers(program.Bootstrap), kgo.TransactionalID(transactionalID), kgo.ConsumerGroup(program.GroupID),
		kgo.ConsumeTopics(in), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.RequireStableFetchOffsets())
	if err != nil {
		return err
	}
	defer session.Close()
	for moved, transaction := 0, 0; moved < count; transaction++ {
		fetches := session.PollRecords(ctx, 50)
		if err := fetches.Err(); err != nil {
			return fmt.Errorf("poll: %w", err)
		}
		if err := session.Begin(); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			session.Produce(ctx, &kgo.Record{Topic: out, Key: r.Key, Value: r.Value, Headers: r.Headers, Timestamp: r.Timestamp}, nil)
		})
		committed, err := session.End(ctx, end(transaction%4 != 2))
		if err != nil {
			return fmt.Errorf("end: %w", err)
		}
		if committed {
			moved += fetches.NumRecords()
		}
	}
	reader, err := committedReader(out)
	if err != nil {
		return err
	}
	defer reader.Close()
	s := program.NewSeen()
	if err := poll(ctx, reader, s, func() bool { return s.Count() >= count }); err != nil {
		return err
	}
	if err := s.Exactly(0, count); err != nil {
		return err
	}
	a, err := newAdmin()
	if err != nil {
		return err
	}
	defer a.Close()
	lags, err := a.Lag(ctx, program.GroupID)
	if err != nil || lags[program.GroupID].Lag.Total() != 0 {
		return fmt.Errorf("lag: %v %+v", err, lags[program.GroupID])
	}
	return nil
}

// fencedProducer: a second producer of the id ends what the first has open.
func fencedProducer(ctx context.Context) error {
	if err := createTopic(ctx, program.Topic, 1); err != nil {
		return err
	}
	var producers [2]*kgo.Client
	for n := range producers {
		producer, err := newClient(kgo.TransactionalID(transactionalID))
		if err != nil {
			return err
		}
		defer producer.Close()
		if err := producer.BeginTransaction(); err != nil {
			return err
		}
		if err := producer.ProduceSync(ctx, record(program.Topic, n)).FirstErr(); err != nil {
			return fmt.Errorf("producer %d: %w", n, err)
		}
		producers[n] = producer
	}
	err := producers[0].ProduceSync(ctx, record(program.Topic, 9)).FirstErr()
	if !errors.Is(err, kerr.InvalidProducerEpoch) && !errors.Is(err, kerr.ProducerFenced) {
		return fmt.Errorf("a record of the zombie: %v", err)
	}
	if err := producers[1].EndTransaction(ctx, kgo.TryCommit); err != nil {
		return fmt.Errorf("commit of the second: %w", err)
	}
	reader, err := committedReader(program.Topic)
	if err != nil {
		return err
	}
	defer reader.Close()
	s := program.NewSeen()
	if err := poll(ctx, reader, s, func() bool { return s.Count() >= 1 }); err != nil {
		return err
	}
	return s.Exactly(1, 2)
}

// describe: what an operator is told of an open transaction and of its end.
func describe(ctx context.Context) error {
	if err := createTopic(ctx, program.Topic, 1); err != nil {
		return err
	}
	producer, err := newClient(kgo.TransactionalID(transactionalID), kgo.TransactionTimeout(50*time.Second))
	if err != nil {
		return err
	}
	defer producer.Close()
	if err := producer.BeginTransaction(); err != nil {
		return err
	}
	if err := producer.ProduceSync(ctx, record(program.Topic, 0)).FirstErr(); err != nil {
		return err
	}
	a, err := newAdmin()
	if err != nil {
		return err
	}
	defer a.Close()
	described, err := a.DescribeTransactions(ctx, transactionalID)
	if one := described[transactionalID]; err != nil || one.State != "Ongoing" || one.TimeoutMillis != 50_000 || !one.Topics.Lookup(program.Topic, 0) {
		return fmt.Errorf("describe: %v %+v", err, described)
	}
	listed, err := a.ListTransactions(ctx, nil, []string{"Ongoing"})
	if err != nil || listed[transactionalID].ProducerID != described[transactionalID].ProducerID {
		return fmt.Errorf("list: %v %+v", err, listed)
	}
	partitions := kadm.TopicsSet{}
	partitions.Add(program.Topic, 0)
	producers, err := a.DescribeProducers(ctx, partitions)
	if err != nil || len(producers.SortedProducers()) != 1 || producers.SortedProducers()[0].CurrentTxnStartOffset != 0 {
		return fmt.Errorf("producers: %v %+v", err, producers)
	}
	stable, err := a.ListCommittedOffsets(ctx, program.Topic)
	if at, _ := stable.Lookup(program.Topic, 0); err != nil || at.Offset != 0 {
		return fmt.Errorf("last stable offset: %v %+v", err, stable)
	}
	return producer.EndTransaction(ctx, kgo.TryCommit)
}
