package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// transactions moves offsets and records in transactions, some of which are aborted. Not in the guide.
func transactions() error {
	config := NewKafkaConfig()
	if err := createTopics(config, []string{userEvents, orderEvents}, 1); err != nil {
		return err
	}
	settings := config.GetProducerConfig()
	settings.Producer.Idempotent = true
	settings.Producer.Transaction.ID = prefix + "tx"
	settings.Producer.Transaction.Timeout = 30 * time.Second
	settings.Net.MaxOpenRequests = 1
	producer, err := patiently(func() (sarama.SyncProducer, error) { return sarama.NewSyncProducer(config.Brokers, settings) })
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer producer.Close()
	var want []string
	for i := 0; i < 12; i++ {
		if err := producer.BeginTxn(); err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		value := fmt.Sprintf("transaction %d", i)
		if _, _, err := producer.SendMessage(&sarama.ProducerMessage{Topic: orderEvents, Value: sarama.StringEncoder(value)}); err != nil {
			return fmt.Errorf("send: %w", err)
		}
		offsets := map[string][]*sarama.PartitionOffsetMetadata{userEvents: {{Partition: 0, Offset: int64(i + 1)}}}
		if err := producer.AddOffsetsToTxn(offsets, config.GroupID); err != nil {
			return fmt.Errorf("offsets: %w", err)
		}
		if i%3 == 2 {
			if err := producer.AbortTxn(); err != nil {
				return fmt.Errorf("abort: %w", err)
			}
			continue
		}
		if err := producer.CommitTxn(); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		want = append(want, value)
	}
	if err := committedRecords(config, want); err != nil {
		return err
	}
	return committedOffset(config, 11) // the twelfth was aborted
}

// patiently waits for the coordinator, which sarama does not where it is only just made.
func patiently(open func() (sarama.SyncProducer, error)) (sarama.SyncProducer, error) {
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		producer, err := open()
		if !errors.Is(err, sarama.ErrOffsetsLoadInProgress) || time.Now().After(end) {
			return producer, err
		}
	}
}

func committedRecords(config *KafkaConfig, want []string) error {
	settings := config.GetConsumerConfig()
	settings.Consumer.IsolationLevel = sarama.ReadCommitted
	consumer, err := sarama.NewConsumer(config.Brokers, settings)
	if err != nil {
		return err
	}
	defer consumer.Close()
	partition, err := consumer.ConsumePartition(orderEvents, 0, sarama.OffsetOldest)
	if err != nil {
		return err
	}
	defer partition.Close()
	for _, value := range want {
		select {
		case message := <-partition.Messages():
			if string(message.Value) != value {
				return fmt.Errorf("got %q, want %q", message.Value, value)
			}
		case <-time.After(20 * time.Second):
			return fmt.Errorf("%q does not come", value)
		}
	}
	return nil
}

// committedOffset waits: markers go out after the commit was answered.
func committedOffset(config *KafkaConfig, want int64) error {
	admin, err := sarama.NewClusterAdmin(config.Brokers, newConfig())
	if err != nil {
		return err
	}
	defer admin.Close()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		fetched, err := admin.ListConsumerGroupOffsets(config.GroupID, map[string][]int32{userEvents: {0}})
		if err != nil {
			return err
		}
		got := fetched.GetBlock(userEvents, 0).Offset
		if got == want {
			return nil
		}
		if time.Now().After(end) {
			return fmt.Errorf("committed offset %d, want %d", got, want)
		}
	}
}
