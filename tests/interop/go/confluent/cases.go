package main

import (
	"context"
	"fmt"
	"time"

	"github.com/confluentinc/confluent-kafka-go/v2/kafka"

	"thalweg/interop/program"
)

const limit = 45 * time.Second

func newAdmin() (*kafka.AdminClient, error) {
	return kafka.NewAdminClient(&kafka.ConfigMap{"bootstrap.servers": program.Bootstrap})
}

func createTopic(name string, partitions int) error {
	a, err := newAdmin()
	if err != nil {
		return err
	}
	defer a.Close()
	results, err := a.CreateTopics(context.Background(), []kafka.TopicSpecification{{Topic: name, NumPartitions: partitions, ReplicationFactor: 1}})
	if err != nil {
		return err
	}
	if results[0].Error.Code() != kafka.ErrNoError {
		return results[0].Error
	}
	return nil
}

func message(name string, i int) *kafka.Message {
	r := program.Number(i)
	return &kafka.Message{
		TopicPartition: kafka.TopicPartition{Topic: &name, Partition: kafka.PartitionAny},
		Key:            r.Key,
		Value:          r.Value,
		Headers:        []kafka.Header{{Key: "sequence", Value: r.Sequence}},
		Timestamp:      r.Time,
	}
}

func take(s *program.Seen, m *kafka.Message) error {
	if len(m.Headers) != 1 || m.Headers[0].Key != "sequence" {
		return fmt.Errorf("%v has headers %v", m.TopicPartition, m.Headers)
	}
	return s.Take(program.Record{Key: m.Key, Value: m.Value, Sequence: m.Headers[0].Value, Time: m.Timestamp})
}

// produce sends messages from..to-1 and waits for each delivery report.
func produce(name string, settings kafka.ConfigMap, from, to int) error {
	config := kafka.ConfigMap{"bootstrap.servers": program.Bootstrap, "acks": "all", "linger.ms": 20}
	for k, v := range settings {
		config[k] = v
	}
	producer, err := kafka.NewProducer(&config)
	if err != nil {
		return err
	}
	defer producer.Close()
	reports := make(chan kafka.Event, to-from)
	for i := from; i < to; i++ {
		if err := producer.Produce(message(name, i), reports); err != nil {
			return err
		}
	}
	for i := from; i < to; i++ {
		select {
		case event := <-reports:
			if m := event.(*kafka.Message); m.TopicPartition.Error != nil {
				return fmt.Errorf("delivery: %w", m.TopicPartition.Error)
			}
		case <-time.After(limit):
			return fmt.Errorf("%d of %d delivery reports came", i-from, to-from)
		}
	}
	return nil
}

// readAll reads every partition with its own assignment; offsets have no gaps.
func readAll(name string, partitions, count int) error {
	consumer, err := kafka.NewConsumer(&kafka.ConfigMap{"bootstrap.servers": program.Bootstrap, "group.id": program.GroupID + "-check", "enable.auto.commit": false, "check.crcs": true})
	if err != nil {
		return err
	}
	defer consumer.Close()
	var assignment []kafka.TopicPartition
	for p := 0; p < partitions; p++ {
		assignment = append(assignment, kafka.TopicPartition{Topic: &name, Partition: int32(p), Offset: kafka.OffsetBeginning})
	}
	if err := consumer.Assign(assignment); err != nil {
		return err
	}
	next := make([]kafka.Offset, partitions)
	s := program.NewSeen()
	for read := 0; read < count; read++ {
		m, err := consumer.ReadMessage(limit)
		if err != nil {
			return fmt.Errorf("after %d of %d messages: %w", read, count, err)
		}
		if m.TopicPartition.Offset != next[m.TopicPartition.Partition] {
			return fmt.Errorf("got %v, want offset %v", m.TopicPartition, next[m.TopicPartition.Partition])
		}
		next[m.TopicPartition.Partition]++
		if err := take(s, m); err != nil {
			return err
		}
	}
	if m, err := consumer.ReadMessage(500 * time.Millisecond); err == nil {
		return fmt.Errorf("one message too many: %v", m)
	}
	return s.Exactly(0, count)
}

func everyCodec(context.Context) error {
	for _, codec := range []string{"none", "gzip", "snappy", "lz4", "zstd"} {
		name := program.Topic + "-" + codec
		if err := createTopic(name, 2); err != nil {
			return err
		}
		if err := produce(name, kafka.ConfigMap{"compression.type": codec}, 0, 500); err != nil {
			return fmt.Errorf("%s: %w", codec, err)
		}
		if err := readAll(name, 2, 500); err != nil {
			return fmt.Errorf("%s: %w", codec, err)
		}
	}
	return nil
}

func idempotent(context.Context) error {
	const count = 5000
	if err := createTopic(program.Topic, 3); err != nil {
		return err
	}
	settings := kafka.ConfigMap{"enable.idempotence": true, "linger.ms": 1, "batch.num.messages": 50}
	if err := produce(program.Topic, settings, 0, count); err != nil {
		return err
	}
	return readAll(program.Topic, 3, count)
}

type member struct {
	consumer *kafka.Consumer
	seen     *program.Seen // of the whole group
	assigned int
	read     int
}

func newMember(strategy string, seen *program.Seen) (*member, error) {
	consumer, err := kafka.NewConsumer(&kafka.ConfigMap{
		"bootstrap.servers": program.Bootstrap, "group.id": program.GroupID, "auto.offset.reset": "earliest",
		"partition.assignment.strategy": strategy, "session.timeout.ms": 10000,
	})
	if err != nil {
		return nil, err
	}
	m := &member{consumer: consumer, seen: seen}
	return m, consumer.SubscribeTopics([]string{program.Topic}, m.rebalanced)
}

func (m *member) rebalanced(c *kafka.Consumer, event kafka.Event) error {
	incremental := c.GetRebalanceProtocol() == "COOPERATIVE"
	switch e := event.(type) {
	case kafka.AssignedPartitions:
		if incremental {
			m.assigned += len(e.Partitions)
		} else {
			m.assigned = len(e.Partitions)
		}
	case kafka.RevokedPartitions:
		m.assigned -= len(e.Partitions)
	}
	return nil
}

// groupOfTwo: a second member joins; then the two share four partitions and see each message once.
func groupOfTwo(_ context.Context, strategy string) error {
	const count = 400
	if err := createTopic(program.Topic, 4); err != nil {
		return err
	}
	s := program.NewSeen()
	first, err := newMember(strategy, s)
	if err != nil {
		return err
	}
	defer first.consumer.Close()
	if err := pollUntil(func() bool { return first.assigned == 4 }, first); err != nil {
		return fmt.Errorf("alone: %w", err)
	}
	second, err := newMember(strategy, s)
	if err != nil {
		return err
	}
	if err := pollUntil(func() bool { return first.assigned == 2 && second.assigned == 2 }, first, second); err != nil {
		return fmt.Errorf("together: %w", err)
	}
	if err := produce(program.Topic, kafka.ConfigMap{}, 0, count); err != nil {
		return err
	}
	if err := pollUntil(func() bool { return s.Count() >= count }, first, second); err != nil {
		return err
	}
	if first.read == 0 || second.read == 0 {
		return fmt.Errorf("the members read %d and %d of %d messages", first.read, second.read, count)
	}
	if err := second.consumer.Close(); err != nil {
		return err
	}
	if err := pollUntil(func() bool { return first.assigned == 4 }, first); err != nil {
		return fmt.Errorf("after the second left: %w", err)
	}
	if err := produce(program.Topic, kafka.ConfigMap{}, count, 2*count); err != nil {
		return err
	}
	if err := pollUntil(func() bool { return s.Count() >= 2*count }, first); err != nil {
		return err
	}
	return s.Exactly(0, 2*count)
}

func pollUntil(done func() bool, members ...*member) error {
	for end := time.Now().Add(limit); !done(); {
		for _, m := range members {
			switch e := m.consumer.Poll(10).(type) {
			case *kafka.Message:
				if err := take(m.seen, e); err != nil {
					return err
				}
				m.read++
			case kafka.Error:
				if e.IsFatal() {
					return e
				}
			}
		}
		if time.Now().After(end) {
			text := "timed out:"
			for _, m := range members {
				text += fmt.Sprintf(" %d partitions, %d messages;", m.assigned, m.read)
			}
			return fmt.Errorf("%s", text)
		}
	}
	return nil
}

func admin(ctx context.Context) error {
	a, err := newAdmin()
	if err != nil {
		return err
	}
	defer a.Close()
	if err := createTopic(program.Topic, 1); err != nil {
		return err
	}
	if err := createTopic(program.Topic, 1); err == nil || err.(kafka.Error).Code() != kafka.ErrTopicAlreadyExists {
		return fmt.Errorf("creating a topic twice: %v", err)
	}
	grown, err := a.CreatePartitions(ctx, []kafka.PartitionsSpecification{{Topic: program.Topic, IncreaseTo: 3}})
	if err != nil || grown[0].Error.Code() != kafka.ErrNoError {
		return fmt.Errorf("create partitions: %v %v", grown, err)
	}
	resource := kafka.ConfigResource{Type: kafka.ResourceTopic, Name: program.Topic, Config: kafka.StringMapToConfigEntries(map[string]string{"retention.ms": "7200000"}, kafka.AlterOperationSet)}
	altered, err := a.AlterConfigs(ctx, []kafka.ConfigResource{resource})
	if err != nil || altered[0].Error.Code() != kafka.ErrNoError {
		return fmt.Errorf("alter configs: %v %v", altered, err)
	}
	described, err := a.DescribeConfigs(ctx, []kafka.ConfigResource{{Type: kafka.ResourceTopic, Name: program.Topic}})
	if err != nil || described[0].Error.Code() != kafka.ErrNoError || described[0].Config["retention.ms"].Value != "7200000" {
		return fmt.Errorf("describe configs: %v %v", described, err)
	}
	s := program.NewSeen()
	m, err := newMember("range", s)
	if err != nil {
		return err
	}
	if err := produce(program.Topic, kafka.ConfigMap{}, 0, 90); err != nil {
		return err
	}
	if err := pollUntil(func() bool { return s.Count() >= 90 }, m); err != nil {
		return err
	}
	if _, err := m.consumer.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	groups, err := a.DescribeConsumerGroups(ctx, []string{program.GroupID})
	if err != nil || groups.ConsumerGroupDescriptions[0].State != kafka.ConsumerGroupStateStable || len(groups.ConsumerGroupDescriptions[0].Members) != 1 {
		return fmt.Errorf("describe groups: %+v %v", groups, err)
	}
	if err := m.consumer.Close(); err != nil {
		return err
	}
	if err := committed(ctx, a, 90); err != nil {
		return err
	}
	removed, err := a.DeleteConsumerGroups(ctx, []string{program.GroupID})
	if err != nil || removed.ConsumerGroupResults[0].Error.Code() != kafka.ErrNoError {
		return fmt.Errorf("delete groups: %+v %v", removed, err)
	}
	deleted, err := a.DeleteTopics(ctx, []string{program.Topic})
	if err != nil || deleted[0].Error.Code() != kafka.ErrNoError {
		return fmt.Errorf("delete topics: %v %v", deleted, err)
	}
	return nil
}

// committed adds up the group's offsets of all partitions.
func committed(ctx context.Context, a *kafka.AdminClient, want kafka.Offset) error {
	listed, err := a.ListConsumerGroupOffsets(ctx, []kafka.ConsumerGroupTopicPartitions{{Group: program.GroupID}})
	if err != nil {
		return fmt.Errorf("list group offsets: %w", err)
	}
	var sum kafka.Offset
	for _, p := range listed.ConsumerGroupsTopicPartitions[0].Partitions {
		sum += p.Offset
	}
	if sum != want {
		return fmt.Errorf("committed %v, want %d together", listed.ConsumerGroupsTopicPartitions[0].Partitions, want)
	}
	return nil
}
