package kafka

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/IBM/sarama"
)

// Handler deals with one record. Its error ends the program: the record is not marked, and is the first one after the
// next start. Who wants to go on wraps it in Retry.
type Handler func(context.Context, *sarama.ConsumerMessage) error

// Consume handles the records of the topics as a member of a group, until ctx ends or a handler fails.
func Consume(ctx context.Context, name string, topics []string, handle Handler) error {
	return ConsumeClaims(ctx, name, topics, func(ctx context.Context, _ sarama.ConsumerGroupClaim, m *sarama.ConsumerMessage) error {
		return handle(ctx, m)
	})
}

// ConsumeClaims is Consume for who wants to see the claim too, as for its high watermark.
func ConsumeClaims(ctx context.Context, name string, topics []string, handle func(context.Context, sarama.ConsumerGroupClaim, *sarama.ConsumerMessage) error) error {
	group, err := sarama.NewConsumerGroup(Brokers(), name, ConsumerConfig())
	if err != nil {
		return fmt.Errorf("consumer: %w (is a server at %v? BOOTSTRAP names another)", err, Brokers())
	}
	go func() { // the channel must be read: sarama waits for whoever asked for errors
		for err := range group.Errors() {
			log.Printf("group %s: %v", name, err)
		}
	}()
	ctx, first := UntilFirst(ctx)
	defer first.Fail(nil)
	for ctx.Err() == nil { // Consume returns at every rebalance
		err := group.Consume(ctx, topics, &member{handle, first})
		if err == nil || ctx.Err() != nil {
			continue
		}
		if errors.Is(err, sarama.ErrClosedConsumerGroup) {
			first.Fail(err)
			continue
		}
		log.Printf("group %s: %v; it joins again", name, err) // a broker that is away, or starts and does not know its groups yet
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
		}
	}
	if err := group.Close(); err != nil { // it commits what was marked, and leaves
		log.Printf("group %s: %v; what was not committed comes again", name, err)
	}
	return first.Err()
}

type member struct {
	handle func(context.Context, sarama.ConsumerGroupClaim, *sarama.ConsumerMessage) error
	first  *First
}

func (*member) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (*member) Cleanup(sarama.ConsumerGroupSession) error { return nil }

// ConsumeClaim runs once for each partition, all at the same time.
func (m *member) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case message, more := <-claim.Messages():
			if !more {
				return nil
			}
			if err := m.handle(session.Context(), claim, message); err != nil {
				if session.Context().Err() != nil { // given up because the partition is: its next owner begins here
					return nil
				}
				m.first.Fail(fmt.Errorf("%s-%d@%d: %w", message.Topic, message.Partition, message.Offset, err))
				return nil
			}
			session.MarkMessage(message, "")
		case <-session.Context().Done():
			return nil
		}
	}
}
