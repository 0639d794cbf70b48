package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

var client = &kafka.Client{Addr: kafka.TCP(bootstrap), Timeout: 20 * time.Second}

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
		Addr:         kafka.TCP(bootstrap),
		Topic:        name,
		Balancer:     &kafka.Hash{},
		RequiredAcks: kafka.RequireAll,
		Compression:  codec,
		BatchTimeout: 10 * time.Millisecond,
	}
}

func message(i int) kafka.Message {
	return kafka.Message{
		Key:     []byte(strconv.Itoa(i % 20)),
		Value:   []byte(fmt.Sprintf(`{"user_id":%d,"event_type":"user_login"}`, i)),
		Headers: []kafka.Header{{Key: "sequence", Value: []byte(strconv.Itoa(i))}},
		Time:    time.UnixMilli(firstTimestamp + int64(i)),
	}
}

// sequence checks one message against message(i) and returns i.
func sequence(m kafka.Message) (int, error) {
	if len(m.Headers) != 1 || m.Headers[0].Key != "sequence" {
		return 0, fmt.Errorf("offset %d has headers %v", m.Offset, m.Headers)
	}
	i, err := strconv.Atoi(string(m.Headers[0].Value))
	if err != nil {
		return 0, err
	}
	want := message(i)
	if string(m.Key) != string(want.Key) || string(m.Value) != string(want.Value) || !m.Time.Equal(want.Time) {
		return 0, fmt.Errorf("offset %d: got %q %q %v, want %q %q %v", m.Offset, m.Key, m.Value, m.Time, want.Key, want.Value, want.Time)
	}
	return i, nil
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
	const count = 1000
	if err := createTopic(ctx, topic, 3); err != nil {
		return err
	}
	if err := write(ctx, topic, kafka.Snappy, 0, count); err != nil {
		return err
	}
	total := 0
	for partition := 0; partition < 3; partition++ {
		got, err := readPartition(ctx, topic, partition)
		if err != nil {
			return fmt.Errorf("partition %d: %w", partition, err)
		}
		total += got
	}
	if total != count {
		return fmt.Errorf("read %d messages of %d", total, count)
	}
	return nil
}

// readPartition reads to the end offset; within a partition each key's messages must come in the order of sending.
func readPartition(ctx context.Context, name string, partition int) (int, error) {
	connection, err := kafka.DialLeader(ctx, "tcp", bootstrap, name, partition)
	if err != nil {
		return 0, err
	}
	defer connection.Close()
	first, last, err := connection.ReadOffsets()
	if err != nil || first == last {
		return 0, err
	}
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{bootstrap}, Topic: name, Partition: partition, MaxWait: 100 * time.Millisecond})
	defer reader.Close()
	if err := reader.SetOffset(kafka.FirstOffset); err != nil {
		return 0, err
	}
	latest := map[string]int{}
	for offset := first; offset < last; offset++ {
		m, err := reader.ReadMessage(ctx)
		if err != nil {
			return 0, err
		}
		i, err := sequence(m)
		if err != nil {
			return 0, err
		}
		if m.Offset != offset {
			return 0, fmt.Errorf("got offset %d, want %d", m.Offset, offset)
		}
		if before, seen := latest[string(m.Key)]; seen && i != before+20 {
			return 0, fmt.Errorf("key %s: %d follows %d", m.Key, i, before)
		}
		latest[string(m.Key)] = i
	}
	return int(last - first), nil
}

func everyCodec(ctx context.Context) error {
	for _, codec := range []kafka.Compression{0, kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd} {
		name := fmt.Sprintf("%s-%d", topic, codec)
		if err := createTopic(ctx, name, 1); err != nil {
			return err
		}
		if err := write(ctx, name, codec, 0, 500); err != nil {
			return fmt.Errorf("codec %v: %w", codec, err)
		}
		if got, err := readPartition(ctx, name, 0); err != nil || got != 500 {
			return fmt.Errorf("codec %v: read %d of 500 messages, %v", codec, got, err)
		}
	}
	return nil
}

func newGroupReader() *kafka.Reader {
	return kafka.NewReader(kafka.ReaderConfig{
		Brokers:     []string{bootstrap},
		GroupID:     groupID,
		Topic:       topic,
		StartOffset: kafka.FirstOffset,
		MaxWait:     100 * time.Millisecond,
	})
}

// groupOfTwo: two readers share three partitions; together they see each message once.
func groupOfTwo(ctx context.Context) error {
	const count = 600
	if err := createTopic(ctx, topic, 3); err != nil {
		return err
	}
	reading, stop := context.WithCancel(ctx)
	defer stop()
	got := make(chan [2]int, count)
	var done sync.WaitGroup
	for member := 0; member < 2; member++ {
		reader := newGroupReader()
		done.Add(1)
		go func(member int) {
			defer done.Done()
			defer reader.Close()
			for {
				m, err := reader.ReadMessage(reading)
				if err != nil {
					return
				}
				if i, err := sequence(m); err == nil {
					got <- [2]int{member, i}
				}
			}
		}(member)
	}
	if err := waitForMembers(ctx, 2); err != nil {
		return err
	}
	if err := write(ctx, topic, kafka.Lz4, 0, count); err != nil {
		return err
	}
	seen := map[int]int{}
	shares := [2]int{}
	for len(seen) < count {
		select {
		case g := <-got:
			seen[g[1]]++
			shares[g[0]]++
		case <-ctx.Done():
			return fmt.Errorf("%d of %d messages came", len(seen), count)
		}
	}
	stop()
	done.Wait()
	if shares[0]+shares[1] != count || shares[0] == 0 || shares[1] == 0 {
		return fmt.Errorf("the members read %v, want %d together and some each", shares, count)
	}
	return nil
}

func waitForMembers(ctx context.Context, count int) error {
	for {
		described, err := client.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{groupID}})
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
	if err := createTopic(ctx, topic, 1); err != nil {
		return err
	}
	if err := write(ctx, topic, kafka.Gzip, 0, 30); err != nil {
		return err
	}
	for from := 0; from < 30; from += 10 {
		reader := newGroupReader()
		for i := from; i < from+10; i++ {
			m, err := reader.FetchMessage(ctx)
			if err != nil {
				return fmt.Errorf("message %d: %w", i, err)
			}
			if got, err := sequence(m); err != nil || got != i {
				return fmt.Errorf("got message %d (%v), want %d", got, err, i)
			}
			if err := reader.CommitMessages(ctx, m); err != nil {
				return fmt.Errorf("commit %d: %w", i, err)
			}
		}
		if err := reader.Close(); err != nil {
			return err
		}
	}
	committed, err := client.OffsetFetch(ctx, &kafka.OffsetFetchRequest{GroupID: groupID, Topics: map[string][]int{topic: {0}}})
	if err != nil {
		return err
	}
	if offset := committed.Topics[topic][0].CommittedOffset; offset != 30 {
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
	if err := createTopic(ctx, topic, 2); err != nil {
		return err
	}
	if err := createTopic(ctx, topic, 2); !errors.Is(err, kafka.TopicAlreadyExists) {
		return fmt.Errorf("creating a topic twice: %v", err)
	}
	if _, err := client.CreatePartitions(ctx, &kafka.CreatePartitionsRequest{Topics: []kafka.TopicPartitionsConfig{{Name: topic, Count: 3}}}); err != nil {
		return fmt.Errorf("create partitions: %w", err)
	}
	// The shared transport keeps the metadata that it has for some seconds.
	client := &kafka.Client{Addr: kafka.TCP(bootstrap), Timeout: 20 * time.Second, Transport: &kafka.Transport{}}
	produced, err := client.Produce(ctx, &kafka.ProduceRequest{
		Topic: topic, Partition: 2, RequiredAcks: kafka.RequireAll,
		Records: kafka.NewRecordReader(kafka.Record{Key: kafka.NewBytes([]byte("k")), Value: kafka.NewBytes([]byte("v"))}),
	})
	if err != nil || produced.Error != nil || produced.BaseOffset != 0 {
		return fmt.Errorf("produce: %+v %v", produced, err)
	}
	metadata, err := client.Metadata(ctx, &kafka.MetadataRequest{Topics: []string{topic}})
	if err != nil || len(metadata.Topics) != 1 || len(metadata.Topics[0].Partitions) != 3 {
		return fmt.Errorf("metadata: %+v %v", metadata, err)
	}
	offsets, err := client.ListOffsets(ctx, &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{topic: {kafka.FirstOffsetOf(2), kafka.LastOffsetOf(2)}}})
	if err != nil || len(offsets.Topics[topic]) != 1 || offsets.Topics[topic][0].FirstOffset != 0 || offsets.Topics[topic][0].LastOffset != 1 {
		return fmt.Errorf("list offsets: %+v %v", offsets, err)
	}
	altered, err := client.IncrementalAlterConfigs(ctx, &kafka.IncrementalAlterConfigsRequest{
		Resources: []kafka.IncrementalAlterConfigsRequestResource{{
			ResourceType: kafka.ResourceTypeTopic, ResourceName: topic,
			Configs: []kafka.IncrementalAlterConfigsRequestConfig{{Name: "retention.ms", Value: "3600000", ConfigOperation: kafka.ConfigOperationSet}},
		}}})
	if err != nil || altered.Resources[0].Error != nil {
		return fmt.Errorf("incremental alter configs: %+v %v", altered, err)
	}
	described, err := client.DescribeConfigs(ctx, &kafka.DescribeConfigsRequest{
		Resources: []kafka.DescribeConfigRequestResource{{ResourceType: kafka.ResourceTypeTopic, ResourceName: topic, ConfigNames: []string{"retention.ms"}}}})
	if err != nil || len(described.Resources) != 1 || len(described.Resources[0].ConfigEntries) != 1 || described.Resources[0].ConfigEntries[0].ConfigValue != "3600000" {
		return fmt.Errorf("describe configs: %+v %v", described, err)
	}
	deleted, err := client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{topic}})
	if err != nil || deleted.Errors[topic] != nil {
		return fmt.Errorf("delete topic: %+v %v", deleted, err)
	}
	deleted, err = client.DeleteTopics(ctx, &kafka.DeleteTopicsRequest{Topics: []string{topic}})
	if err != nil || !errors.Is(deleted.Errors[topic], kafka.UnknownTopicOrPartition) {
		return fmt.Errorf("deleting a topic twice: %+v %v", deleted, err)
	}
	return nil
}
