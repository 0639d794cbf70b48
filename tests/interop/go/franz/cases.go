package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"thalweg/interop/program"
)

func newClient(options ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(program.Bootstrap)}, options...)...)
}

func newAdmin() (*kadm.Client, error) {
	client, err := newClient()
	if err != nil {
		return nil, err
	}
	return kadm.NewClient(client), nil
}

func createTopic(ctx context.Context, name string, partitions int32) error {
	a, err := newAdmin()
	if err != nil {
		return err
	}
	defer a.Close()
	_, err = a.CreateTopic(ctx, partitions, 1, nil, name)
	return err
}

func record(name string, i int) *kgo.Record {
	r := program.Number(i)
	return &kgo.Record{
		Topic:     name,
		Key:       r.Key,
		Value:     r.Value,
		Headers:   []kgo.RecordHeader{{Key: "sequence", Value: r.Sequence}, {Key: "empty"}},
		Timestamp: r.Time,
	}
}

func take(s *program.Seen, r *kgo.Record) error {
	if len(r.Headers) != 2 || r.Headers[0].Key != "sequence" || r.Headers[1].Key != "empty" || r.Headers[1].Value != nil {
		return fmt.Errorf("offset %d has headers %v", r.Offset, r.Headers)
	}
	return s.Take(program.Record{Key: r.Key, Value: r.Value, Sequence: r.Headers[0].Value, Time: r.Timestamp})
}

// produce is idempotent with acks=all, franz-go's default.
func produce(ctx context.Context, name string, from, to int, options ...kgo.Opt) error {
	client, err := newClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	var records []*kgo.Record
	for i := from; i < to; i++ {
		records = append(records, record(name, i))
	}
	return client.ProduceSync(ctx, records...).FirstErr()
}

// poll takes what comes until done, or until an error other than the end of the context.
func poll(ctx context.Context, client *kgo.Client, s *program.Seen, done func() bool) error {
	for !done() {
		short, cancel := context.WithTimeout(ctx, 200*time.Millisecond)
		fetches := client.PollFetches(short)
		cancel()
		for _, e := range fetches.Errors() {
			if !errors.Is(e.Err, context.DeadlineExceeded) && !errors.Is(e.Err, context.Canceled) {
				return fmt.Errorf("%s-%d: %w", e.Topic, e.Partition, e.Err)
			}
		}
		for _, r := range fetches.Records() {
			if err := take(s, r); err != nil {
				return err
			}
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%d records came", s.Count())
		}
	}
	return nil
}

func everyCodec(ctx context.Context) error {
	codecs := map[string]kgo.CompressionCodec{
		"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(), "snappy": kgo.SnappyCompression(),
		"lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression(),
	}
	for codecName, codec := range codecs {
		name := program.Topic + "-" + codecName
		if err := createTopic(ctx, name, 3); err != nil {
			return err
		}
		if err := produce(ctx, name, 0, 2000, kgo.ProducerBatchCompression(codec), kgo.ProducerBatchMaxBytes(4096)); err != nil {
			return fmt.Errorf("%s: %w", codecName, err)
		}
		client, err := newClient(kgo.ConsumeTopics(name), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		if err != nil {
			return err
		}
		s := program.NewSeen()
		err = poll(ctx, client, s, func() bool { return s.Count() >= 2000 })
		client.Close()
		if err == nil {
			err = s.Exactly(0, 2000)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", codecName, err)
		}
	}
	return nil
}

func newMember(assigned *int, mu *sync.Mutex) (*kgo.Client, error) {
	count := func(sign int) func(context.Context, *kgo.Client, map[string][]int32) {
		return func(_ context.Context, _ *kgo.Client, partitions map[string][]int32) {
			mu.Lock()
			defer mu.Unlock()
			*assigned += sign * len(partitions[program.Topic])
		}
	}
	return newClient(kgo.ConsumerGroup(program.GroupID), kgo.ConsumeTopics(program.Topic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.SessionTimeout(10*time.Second), kgo.HeartbeatInterval(300*time.Millisecond),
		kgo.OnPartitionsAssigned(count(1)), kgo.OnPartitionsRevoked(count(-1)), kgo.OnPartitionsLost(count(-1)))
}

// groupOfTwo: cooperative rebalancing, franz-go's default; two members share four partitions, then one leaves.
func groupOfTwo(ctx context.Context) error {
	if err := createTopic(ctx, program.Topic, 4); err != nil {
		return err
	}
	var mu sync.Mutex
	held := [2]int{}
	holds := func(first, second int) bool {
		mu.Lock()
		defer mu.Unlock()
		return held[0] == first && held[1] == second
	}
	s := program.NewSeen()
	first, err := newMember(&held[0], &mu)
	if err != nil {
		return err
	}
	defer first.Close()
	if err := poll(ctx, first, s, func() bool { return holds(4, 0) }); err != nil {
		return fmt.Errorf("alone: %w", err)
	}
	second, err := newMember(&held[1], &mu)
	if err != nil {
		return err
	}
	defer second.Close()
	both := func(done func() bool) error {
		results := make(chan error, 2)
		for _, member := range []*kgo.Client{first, second} {
			go func(member *kgo.Client) { results <- poll(ctx, member, s, done) }(member)
		}
		return errors.Join(<-results, <-results)
	}
	if err := both(func() bool { return holds(2, 2) }); err != nil {
		return fmt.Errorf("together %v: %w", held, err)
	}
	if err := produce(ctx, program.Topic, 0, 600); err != nil {
		return err
	}
	if err := both(func() bool { return s.Count() >= 600 }); err != nil {
		return err
	}
	// Leaving alone commits only what the last poll but one returned.
	if err := second.CommitUncommittedOffsets(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	second.Close()
	if err := poll(ctx, first, s, func() bool { return holds(4, 0) }); err != nil {
		return fmt.Errorf("after the second left %v: %w", held, err)
	}
	if err := produce(ctx, program.Topic, 600, 1200); err != nil {
		return err
	}
	if err := poll(ctx, first, s, func() bool { return s.Count() >= 1200 }); err != nil {
		return err
	}
	return s.Exactly(0, 1200)
}

// commitsSurvive: a second run of the same group begins where the first committed.
func commitsSurvive(ctx context.Context) error {
	if err := createTopic(ctx, program.Topic, 2); err != nil {
		return err
	}
	for from := 0; from < 300; from += 100 {
		if err := produce(ctx, program.Topic, from, from+100); err != nil {
			return err
		}
		var mu sync.Mutex
		held := 0
		member, err := newMember(&held, &mu)
		if err != nil {
			return err
		}
		s := program.NewSeen()
		err = poll(ctx, member, s, func() bool { return s.Count() >= 100 })
		if err == nil {
			err = member.CommitUncommittedOffsets(ctx)
		}
		member.Close()
		if err == nil {
			err = s.Exactly(from, from+100)
		}
		if err != nil {
			return fmt.Errorf("records from %d: %w", from, err)
		}
	}
	a, err := newAdmin()
	if err != nil {
		return err
	}
	defer a.Close()
	lags, err := a.Lag(ctx, program.GroupID)
	if err != nil {
		return fmt.Errorf("lag: %w", err)
	}
	if lag := lags[program.GroupID]; lag.Error() != nil || lag.Lag.Total() != 0 {
		return fmt.Errorf("lag: %+v", lag)
	}
	return nil
}

func admin(ctx context.Context) error {
	a, err := newAdmin()
	if err != nil {
		return err
	}
	defer a.Close()
	retention := "123456789"
	if _, err := a.CreateTopic(ctx, 2, 1, map[string]*string{"retention.ms": &retention}, program.Topic); err != nil {
		return fmt.Errorf("create: %w", err)
	}
	if _, err := a.CreateTopic(ctx, 2, 1, nil, program.Topic); !errors.Is(err, kerr.TopicAlreadyExists) {
		return fmt.Errorf("creating it again: %v", err)
	}
	if _, err := a.UpdatePartitions(ctx, 5, program.Topic); err != nil {
		return fmt.Errorf("partitions: %w", err)
	}
	if err := eventually(func() bool {
		topics, err := a.ListTopics(ctx, program.Topic)
		return err == nil && len(topics[program.Topic].Partitions) == 5 && topics[program.Topic].ID != kadm.TopicID{}
	}); err != nil {
		return fmt.Errorf("five partitions: %w", err)
	}
	altered := "7200000"
	if responses, err := a.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: "retention.ms", Value: &altered}}, program.Topic); err != nil || responses[0].Err != nil {
		return fmt.Errorf("alter configs: %v %v", responses, err)
	}
	if err := eventually(func() bool {
		described, err := a.DescribeTopicConfigs(ctx, program.Topic)
		if err != nil || len(described) != 1 {
			return false
		}
		for _, c := range described[0].Configs {
			if c.Key == "retention.ms" {
				return c.MaybeValue() == altered
			}
		}
		return false
	}); err != nil {
		return fmt.Errorf("retention.ms: %w", err)
	}
	if err := offsets(ctx, a); err != nil {
		return err
	}
	if deleted, err := a.DeleteTopics(ctx, program.Topic); err != nil || deleted[program.Topic].Err != nil {
		return fmt.Errorf("delete: %v %v", deleted, err)
	}
	return nil
}

func offsets(ctx context.Context, a *kadm.Client) error {
	if err := produce(ctx, program.Topic, 0, 100); err != nil {
		return err
	}
	ends, err := a.ListEndOffsets(ctx, program.Topic)
	if err != nil || ends.Error() != nil {
		return fmt.Errorf("end offsets: %v %v", ends, err)
	}
	var total int64
	ends.Each(func(o kadm.ListedOffset) { total += o.Offset })
	if total != 100 {
		return fmt.Errorf("end offsets add up to %d", total)
	}
	// Everything but the last record of each partition that has one.
	before := kadm.Offsets{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Offset > 0 {
			before.AddOffset(o.Topic, o.Partition, o.Offset-1, -1)
		}
	})
	if deleted, err := a.DeleteRecords(ctx, before); err != nil || deleted.Error() != nil {
		return fmt.Errorf("delete records: %v %v", deleted, err)
	}
	starts, err := a.ListStartOffsets(ctx, program.Topic)
	if err != nil || starts.Error() != nil {
		return fmt.Errorf("start offsets: %v %v", starts, err)
	}
	var wrong error
	before.Each(func(o kadm.Offset) {
		if start, _ := starts.Lookup(o.Topic, o.Partition); start.Offset != o.At {
			wrong = fmt.Errorf("partition %d starts at %d, want %d", o.Partition, start.Offset, o.At)
		}
	})
	if wrong != nil {
		return wrong
	}
	group := kadm.Offsets{}
	group.AddOffset(program.Topic, 0, 3, -1)
	if err := a.CommitAllOffsets(ctx, program.GroupID, group); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	fetched, err := a.FetchOffsets(ctx, program.GroupID)
	if committed, ok := fetched.Lookup(program.Topic, 0); err != nil || !ok || committed.At != 3 {
		return fmt.Errorf("committed: %v %v", fetched, err)
	}
	if groups, err := a.DeleteGroups(ctx, program.GroupID); err != nil || groups[program.GroupID].Err != nil {
		return fmt.Errorf("delete group: %v %v", groups, err)
	}
	return nil
}

func eventually(done func() bool) error {
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return errors.New("not within 10 s")
		}
	}
	return nil
}
