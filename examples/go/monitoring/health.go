package main

import (
	"errors"
	"fmt"

	"github.com/IBM/sarama"

	"kafka-example/internal/kafka"
)

// checkHealth asks the cluster itself: brokers, and of each topic the partitions with their leaders and replicas.
func checkHealth(topics ...string) error {
	admin, err := sarama.NewClusterAdmin(kafka.Brokers(), kafka.ProducerConfig())
	if err != nil {
		return fmt.Errorf("no connection: %w", err)
	}
	defer admin.Close()
	brokers, _, err := admin.DescribeCluster()
	if err != nil {
		return fmt.Errorf("no description of the cluster: %w", err)
	}
	if len(brokers) == 0 {
		return errors.New("there is no broker")
	}
	described, err := admin.DescribeTopics(topics)
	if err != nil {
		return fmt.Errorf("no description of the topics: %w", err)
	}
	for _, topic := range described {
		if err := checkTopic(topic); err != nil {
			return fmt.Errorf("topic %s: %w", topic.Name, err)
		}
	}
	return nil
}

func checkTopic(topic *sarama.TopicMetadata) error {
	if topic.Err != sarama.ErrNoError {
		return topic.Err
	}
	if len(topic.Partitions) == 0 {
		return errors.New("no partitions")
	}
	for _, partition := range topic.Partitions {
		if partition.Leader == -1 {
			return fmt.Errorf("partition %d has no leader", partition.ID)
		}
		if len(partition.Isr) == 0 {
			return fmt.Errorf("partition %d has no replica in sync", partition.ID)
		}
	}
	return nil
}
