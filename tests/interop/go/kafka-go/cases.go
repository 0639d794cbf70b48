package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"

	"thalweg/interop/program"
)

var client = &kafka.Client{Addr: kafka.TCP(program.Bootstrap), Timeout: 20 * time.Second}

func createTopic(ctx context.Context, name string, partitions int) error {
	response, err := client.CreateTopics(ctx, &kafka.CreateTopicsRequest{
		Topics: []kafka.TopicConfig{{Topic: name, NumPartitions: partitions, ReplicationFactor: 1}},
	})
	if err != nil {
		return err
	}
	return response.Errors[name]
}

func newWriter(name string, codec kafka.Compression) *kafka.Writer {
	return &kafka.Writer{
		Addr:         kafka.TCP(program.Bootstrap),
		Topic:        name,
		Balancer:     &kafka.Hash{},
		RequiredAcks: kafka.RequireAll,
		Compression:  codec,
		BatchTimeout: 10 * time.Millisecond,
	}
}

func message(i int) kafka.Message {
	r := program.Number(i)
	return kafka.Message{Key: r.Key, Value: r.Value, Headers: []kafka.Header{{Key: "sequence", Value: r.Sequence}}, Time: r.Time}
}

func take(s *program.Seen, m kafka.Message) error {
	if len(m.Headers) != 1 || m.Headers[0].Key != "sequence" {
		return fmt.Errorf("offset %d has headers %v", m.Offset, m.Headers)
	}
	return s.Take(program.Record{Key: m.Key, Value: m.Value, Sequence: m.Headers[0].Value, Time: m.Time})
}

func write(ctx context.Context, name string, codec kafka.Compression, from, to int) error {
	writer := newWriter(name, codec)
	var batch []kafka.Message
	for i := from; i < to; i++ {
		batch = append(batch, message(i))
	}
	if err := writer.WriteMessages(ctx, batch...); err != nil {
		return err
	}
	return writer.Close()
}

func writerAndReader(ctx context.Context) error {
	if err := createTopic(ctx, program.Topic, 3); err != nil {
		return err
	}
	if err := write(ctx, program.Topic, kafka.Snappy, 0, 1000); err != nil {
		return err
	}
	s := program.NewSeen()
	for partition := 0; partition < 3; partition++ {
		if err := readPartition(ctx, s, program.Topic, partition); err != nil {
			return fmt.Errorf("partition %d: %w", partition, err)
		}
	}
	return s.Exactly(0, 1000)
}

// readPartition reads to the end offset.
func readPartition(ctx context.Context, s *program.Seen, name string, partition int) error {
	connection, err := kafka.DialLeader(ctx, "tcp", program.Bootstrap, name, partition)
	if err != nil {
		return err
	}
	defer connection.Close()
	first, last, err := connection.ReadOffsets()
	if err != nil || first == last {
		return err
	}
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{program.Bootstrap}, Topic: name, Partition: partition, MaxWait: 100 * time.Millisecond})
	defer reader.Close()
	if err := reader.SetOffset(kafka.FirstOffset); err != nil {
		return err
	}
	for offset := first; offset < last; offset++ {
		m, err := reader.ReadMessage(ctx)
		if err != nil {
			return err
		}
		if m.Offset != offset {
			return fmt.Errorf("got offset %d, want %d", m.Offset, offset)
		}
		if err := take(s, m); err != nil {
			return err
		}
	}
	return nil
}

func everyCodec(ctx context.Context) error {
	for _, codec := range []kafka.Compression{0, kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd} {
		name := fmt.Sprintf("%s-%d", program.Topic, codec)
		if err := createTopic(ctx, name, 1); err != nil {
			return err
		}
		if err := write(ctx, name, codec, 0, 500); err != nil {
			return fmt.Errorf("codec %v: %w", codec, err)
		}
		s := program.NewSeen()
		if err := readPartition(ctx, s, name, 0); err != nil {
			return fmt.Errorf("codec %v: %w", codec, err)
		}
		if err := s.Exactly(0, 500); err != nil {
			return fmt.Errorf("codec %v: %w", codec, err)
		}
	}
	return nil
}

func newGroupReader() *kafka.Reader {
	return kafka.NewReader(kafka.ReaderConfig{
		Brokers:     []string{program.Bootstrap},
		GroupID:     program.GroupID,
		Topic:       program.Topic,
		StartOffset: kafka.FirstOffset,
		MaxWait:     100 * time.Millisecond,
	})
}

// groupOfTwo: two readers share three partitions; together they see each message once.
func groupOfTwo(ctx context.Context) error {
	const count = 600
	if err := createTopic(ctx, program.Topic, 3); err != nil {
		return err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	s := program.NewSeen()
	members := [2]chan error{make(chan error, 1), make(chan error, 1)}
	shares := [2]int{}
	for i := range members {
		go func(i int) {
			reader := newGroupReader()
			defer reader.Close()
			for s.Count() < count {
				m, err := reader.ReadMessage(reading)
				if err == nil {
					err = take(s, m)
				}
				if err != nil {
					members[i] <- err
					return
				}
				shares[i]++
			}
			stop()
			members[i] <- nil
		}(i)
	}
	if err := waitForMembers(ctx, 2); err != nil {
		return err
	}
	if err := write(ctx, program.Topic, kafka.Lz4, 0, count); err != nil {
		return err
	}
	// The one that did not read the last message is told to stop.
	for _, member := range members {
		if err := <-member; err != nil && !(errors.Is(err, context.Canceled) && s.Count() == count) {
			return fmt.Errorf("%w after %d of %d messages", err, s.Count(), count)
		}
	}
	if shares[0] == 0 || shares[1] == 0 {
		return fmt.Errorf("the members read %v, want some each", shares)
	}
	return s.Exactly(0, count)
}

func waitForMembers(ctx context.Context, count int) error {
	for {
		described, err := client.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{program.GroupID}})
		if err == nil && len(described.Groups) == 1 && described.Groups[0].GroupState == "Stable" && len(described.Groups[0].Members) == count {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no stable group of %d members: %+v %v", count, described, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// commitsSurvive fetches ten, commits, and expects the next reader to begin at the eleventh.
func commitsSurvive(ctx context.Context) error {
	if err := createTopic(ctx, program.Topic, 1); err != nil {
		return err
	}
	if err := write(ctx, program.Topic, kafka.Gzip, 0, 30); err != nil {
		return err
	}
	for from := 0; from < 30; from += 10 {
		reader := newGroupReader()
		s := program.NewSeen()
		for i := from; i < from+10; i++ {
			m, err := reader.FetchMessage(ctx)
			if err == nil {
				err = take(s, m)
			}
			if err != nil {
				return fmt.Errorf("message %d: %w", i, err)
			}
			if err := reader.CommitMessages(ctx, m); err != nil {
				return fmt.Errorf("commit %d: %w", i, err)
			}
		}
		if err := reader.Close(); err != nil {
			return err
		}
		if err := s.Exactly(from, from+10); err != nil {
			return err
		}
	}
	committed, err := client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: program.GroupID, Topics: map[string][]int{program.Topic: {0}}})
	if err != nil {
		return err
	}
	if offset := committed.Topics[program.Topic][0].CommittedOffset; offset != 30 {
		return fmt.Errorf("committed offset is %d, want 30", offset)
	}
	return nil
}

// api calls one API at a time, as kafka-go's own tests do.
func api(ctx context.Context) error {
	versions, err := client.ApiVersions(ctx, &kafka.ApiVersionsRequest{})
	if err != nil || versions.Error != nil || len(versions.ApiKeys) < 15 {
		return fmt.Errorf("api versions: %+v %v", versions, err)
	}
	if err := createTopic(ctx, program.Topic, 2); err != nil {
		return err
	}
	if err := createTopic(ctx, program.Topic, 2); !errors.Is(err, kafka.TopicAlreadyExists) {
		return fmt.Errorf("creating a topic twice: %v", err)
	}
	if _, err := client.CreatePartitions(ctx, &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: program.Topic, Count: 3}}}); err != nil {
		return fmt.Errorf("create partitions: %w", err)
	}
	// The shared transport keeps the metadata that it has for some seconds.
	client := &kafka.Client{Addr: kafka.TCP(program.Bootstrap), Timeout: 20 * time.Second, Transport: &kafka.Transport{}}
	produced, err := client.Produce(ctx, &kafka.ProduceRequest{
		Topic: program.Topic, Partition: 2, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Key: kafka.NewBytes([]byte("k")), Value: kafka.NewBytes([]byte("v"))}),
	})
	if err != nil || produced.Error != nil || produced.BaseOffset != 0 {
		return fmt.Errorf("produce: %+v %v", produced, err)
	}
	metadata, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{program.Topic}})
	if err != nil || len(metadata.Topics) != 1 || len(metadata.Topics[0].Partitions) != 3 {
		return fmt.Errorf("metadata: %+v %v", metadata, err)
	}
	offsets, err := client.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{program.Topic: {kafka.FirstOffsetOf(2), kafka.LastOffsetOf(2)}}})
	if err != nil || len(offsets.Topics[program.Topic]) != 1 || offsets.Topics[program.Topic][0].FirstOffset != 0 || offsets.Topics[program.Topic][0].LastOffset != 1 {
		return fmt.Errorf("list offsets: %+v %v", offsets, err)
	}
	altered, err := client.IncrementalAlterConfigs(ctx, &kafka.IncrementalAlterConfigsRequest{
		Resources: []kafka.IncrementalAlterConfigsRequestResource{{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: program.Topic,
			Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: "retention.ms", Value: "3600000", ConfigOperation: kafka.ConfigOperationSet}},
		}}})
	if err != nil || altered.Resources[0].Error != nil {
		return fmt.Errorf("incremental alter configs: %+v %v", altered, err)
	}
	described, err := client.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{
		Resources: []kafka.DescribeConfigRequestResource{{ResourceType: kafka.ResourceTypeTopic, ResourceName: program.Topic, ConfigNames: []string{"retention.ms"}}}})
	if err != nil || len(described.Resources) != 1 || len(described.Resources[0].ConfigEntries) != 1 || described.Resources[0].ConfigEntries[0].ConfigValue != "3600000" {
		return fmt.Errorf("describe configs: %+v %v", described, err)
	}
	deleted, err := client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{program.Topic}})
	if err != nil || deleted.Errors[program.Topic] != nil {
		return fmt.Errorf("delete topic: %+v %v", deleted, err)
	}
	deleted, err = client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{program.Topic}})
	if err != nil || !errors.Is(deleted.Errors[program.Topic], kafka.UnknownTopicOrPartition) {
		return fmt.Errorf("deleting a topic twice: %+v %v", deleted, err)
	}
	return nil
}
