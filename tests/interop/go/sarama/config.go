package main

import (
	"log"
	"os"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

// KafkaConfig is the configuration of the guide. Only the addresses and names come from the runner.
type KafkaConfig struct {
	Brokers []string
	GroupID string
	Topics  []string
}

func NewKafkaConfig() *KafkaConfig {
	return &KafkaConfig{
		Brokers: strings.Split(os.Getenv("BOOTSTRAP"), ","),
		GroupID: prefix + "my-consumer-group",
		Topics:  []string{userEvents, orderEvents, paymentEvents},
	}
}

func (c *KafkaConfig) GetProducerConfig() *sarama.Config {
	config := newConfig()
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Retry.Max = 3
	config.Producer.Return.Successes = true
	// The guide says sarama.SnappyCompression, a name that sarama does not have.
	config.Producer.Compression = sarama.CompressionSnappy
	config.Producer.Flush.Frequency = 100 * time.Millisecond
	return config
}

func (c *KafkaConfig) GetConsumerConfig() *sarama.Config {
	config := newConfig()
	config.Consumer.Group.Rebalance.Strategy = sarama.BalanceStrategyRoundRobin
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	config.Consumer.Return.Errors = true
	config.Consumer.Group.Session.Timeout = 10 * time.Second
	config.Consumer.Group.Heartbeat.Interval = 3 * time.Second
	return config
}

// newConfig is sarama.NewConfig: the protocol of Kafka 1.0, as in the guide, unless the runner asks for another.
func newConfig() *sarama.Config {
	config := sarama.NewConfig()
	if wanted := os.Getenv("SARAMA_VERSION"); wanted != "" {
		version, err := sarama.ParseKafkaVersion(wanted)
		if err != nil {
			log.Fatal(err)
		}
		config.Version = version
	}
	return config
}
