package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/IBM/sarama"
)

func createTopic(config *KafkaConfig, topic string, partitions int32) error {
	return createTopics(config, []string{topic}, partitions)
}

func createTopics(config *KafkaConfig, topics []string, partitions int32) error {
	a, err := sarama.NewClusterAdmin(config.Brokers, newConfig())
	if err != nil {
		return err
	}
	defer a.Close()
	for _, topic := range topics {
		if err := a.CreateTopic(topic, &sarama.TopicDetail{NumPartitions: partitions, ReplicationFactor: 1}, false); err != nil {
			return fmt.Errorf("create %s: %w", topic, err)
		}
	}
	return nil
}

func sendEvents(config *KafkaConfig, topic string, from, to int, kind string) error {
	producer, err := NewBatchProducer(config, to-from, time.Minute)
	if err != nil {
		return err
	}
	for i := from; i < to; i++ {
		if err := producer.AddMessage(topic, strconv.Itoa(i), userEvent(i, kind)); err != nil {
			return err
		}
	}
	return producer.Close()
}

func userID(m *sarama.ConsumerMessage) (int, error) {
	var event struct {
		UserID int `json:"user_id"`
	}
	err := json.Unmarshal(m.Value, &event)
	return event.UserID, err
}

// waitForEnd waits until partition 0 of a topic has grown to an end offset.
func waitForEnd(config *KafkaConfig, topic string, end int64) error {
	client, err := sarama.NewClient(config.Brokers, newConfig())
	if err != nil {
		return err
	}
	defer client.Close()
	var last int64
	for limit := time.Now().Add(45 * time.Second); time.Now().Before(limit); time.Sleep(50 * time.Millisecond) {
		if last, err = client.GetOffset(topic, 0, sarama.OffsetNewest); err == nil && last >= end {
			return nil
		}
	}
	return fmt.Errorf("%s ends at %d (%v), want %d", topic, last, err, end)
}

// readAll reads every partition from its oldest to its newest offset, and checks that offsets have no gaps.
func readAll(config *KafkaConfig, topic string) ([]*sarama.ConsumerMessage, error) {
	client, err := sarama.NewClient(config.Brokers, newConfig())
	if err != nil {
		return nil, err
	}
	defer client.Close()
	consumer, err := sarama.NewConsumerFromClient(client)
	if err != nil {
		return nil, err
	}
	partitions, err := client.Partitions(topic)
	if err != nil {
		return nil, err
	}
	var all []*sarama.ConsumerMessage
	for _, partition := range partitions {
		messages, err := readPartition(client, consumer, topic, partition)
		if err != nil {
			return nil, fmt.Errorf("%s-%d: %w", topic, partition, err)
		}
		all = append(all, messages...)
	}
	return all, nil
}

func readPartition(client sarama.Client, consumer sarama.Consumer, topic string, partition int32) ([]*sarama.ConsumerMessage, error) {
	oldest, err := client.GetOffset(topic, partition, sarama.OffsetOldest)
	if err != nil {
		return nil, err
	}
	newest, err := client.GetOffset(topic, partition, sarama.OffsetNewest)
	if err != nil || newest == oldest {
		return nil, err
	}
	reading, err := consumer.ConsumePartition(topic, partition, sarama.OffsetOldest)
	if err != nil {
		return nil, err
	}
	defer reading.Close()
	var messages []*sarama.ConsumerMessage
	for next := oldest; next < newest; next++ {
		select {
		case m := <-reading.Messages():
			if m.Offset != next {
				return nil, fmt.Errorf("got offset %d, want %d", m.Offset, next)
			}
			messages = append(messages, m)
		case <-time.After(20 * time.Second):
			return nil, fmt.Errorf("no message at offset %d, the end is %d", next, newest)
		}
	}
	return messages, nil
}

// eachKeyInOrder: users 0..count-1 were sent with 50 keys; each is there once, and each key's are in order.
func eachKeyInOrder(config *KafkaConfig, topic string, count int) error {
	messages, err := readAll(config, topic)
	if err != nil {
		return err
	}
	if len(messages) != count {
		return fmt.Errorf("read %d messages, want %d", len(messages), count)
	}
	last := map[string]int{}
	for _, m := range messages {
		id, err := userID(m)
		if err != nil {
			return err
		}
		key := string(m.Key)
		if key != strconv.Itoa(id%50) {
			return fmt.Errorf("user %d has key %q", id, key)
		}
		if before, seen := last[key]; seen && id != before+50 || !seen && id >= 50 {
			return fmt.Errorf("key %s: user %d follows %d", key, id, before)
		}
		last[key] = id
	}
	return nil
}
