package kafka

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strconv"
	"time"

	"github.com/IBM/sarama"
)

// ErrPoison marks what no other try can mend, as bytes that are no JSON: it is a dead letter at once.
var ErrPoison = errors.New("poison")

const longest = 5 * time.Second

// Retry calls the handler up to `attempts` times, waits `delay` longer before each, and then sends the record to
// "dlq.<topic>" with the reason. The partition waits meanwhile. With 0 attempts it tries for as long as it takes, for
// work that must not be left out, as counting. An error of Retry means that not even the dead letter could be written.
func Retry(producer *Producer, attempts int, delay time.Duration, handle Handler) Handler {
	return func(ctx context.Context, message *sarama.ConsumerMessage) error {
		for attempt := 1; ; attempt++ {
			err := handle(ctx, message)
			if err == nil {
				return nil
			}
			log.Printf("attempt %d of %s-%d@%d failed: %v", attempt, message.Topic, message.Partition, message.Offset, err)
			if attempt == attempts || errors.Is(err, ErrPoison) {
				return deadLetter(producer, message, attempt, err)
			}
			pause := delay * time.Duration(attempt)
			if pause > longest {
				pause = longest
			}
			select {
			case <-time.After(pause):
			case <-ctx.Done(): // the partition goes to somebody else, who tries again
				return ctx.Err()
			}
		}
	}
}

// The headers are those of KIP-1191, so that any tool that knows them shows the letter.
func deadLetter(producer *Producer, message *sarama.ConsumerMessage, attempts int, reason error) error {
	letter := &sarama.ProducerMessage{Topic: "dlq." + message.Topic, Key: sarama.ByteEncoder(message.Key), Value: sarama.ByteEncoder(message.Value)}
	for _, header := range message.Headers {
		letter.Headers = append(letter.Headers, *header)
	}
	for name, value := range map[string]string{
		"topic":          message.Topic,
		"partition":      strconv.Itoa(int(message.Partition)),
		"offset":         strconv.FormatInt(message.Offset, 10),
		"delivery.count": strconv.Itoa(attempts),
		"message":        reason.Error(),
	} {
		letter.Headers = append(letter.Headers, sarama.RecordHeader{Key: []byte("__dlq.errors." + name), Value: []byte(value)})
	}
	if _, _, err := producer.SendMessage(letter); err != nil {
		return fmt.Errorf("the dead letter could not be written: %w", err)
	}
	return nil
}
