// Prints user events as a member of a group, until Ctrl-C. Start a second one: the two share the partitions.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/IBM/sarama"
)

type printer struct{}

func (printer) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (printer) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (printer) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for message := range claim.Messages() {
		fmt.Printf("partition=%d offset=%d key=%s value=%s\n", message.Partition, message.Offset, message.Key, message.Value)
		session.MarkMessage(message, "")
	}
	return nil
}

func main() {
	config := sarama.NewConfig()
	config.Consumer.Group.Rebalance.GroupStrategies = []sarama.BalanceStrategy{sarama.NewBalanceStrategyRoundRobin()}
	config.Consumer.Offsets.Initial = sarama.OffsetOldest
	group, err := sarama.NewConsumerGroup([]string{setting("BOOTSTRAP", "localhost:9092")}, setting("GROUP", "my-consumer-group"), config)
	if err != nil {
		log.Fatalf("connect: %v", err)
	}
	defer group.Close()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	// Consume returns at every rebalance.
	for ctx.Err() == nil {
		if err := group.Consume(ctx, []string{"user-events"}, printer{}); err != nil && !errors.Is(err, context.Canceled) {
			log.Fatalf("consume: %v", err)
		}
	}
}

func setting(name, otherwise string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return otherwise
}
