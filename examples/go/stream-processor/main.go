// Consume, transform, produce: what follows from user events goes to three other topics. Ctrl-C ends it.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/IBM/sarama"

	"kafka-example/internal/event"
	"kafka-example/internal/kafka"
)

type processor struct{ producer *kafka.Producer }

// The input is marked when the output is with the broker: at least once.
func (p *processor) process(_ context.Context, message *sarama.ConsumerMessage) error {
	user, err := event.Parse[event.User](message.Value)
	if err != nil {
		return err
	}
	switch user.EventType {
	case "user_registered":
		var person struct {
			Email string `json:"email"`
		}
		if err := json.Unmarshal(user.Data, &person); err != nil || person.Email == "" {
			return fmt.Errorf("%w: a registration without an address", kafka.ErrPoison)
		}
		data, _ := json.Marshal(person)
		return p.send("email-events", "welcome_email_sent", user.UserID, data)
	case "user_updated":
		return p.send("notification-events", "profile_updated", user.UserID, user.Data)
	case "user_deleted":
		return p.send("cleanup-events", "user_cleanup", user.UserID, nil)
	}
	return nil // of no concern here
}

func (p *processor) send(topic, eventType string, id int64, data json.RawMessage) error {
	return p.producer.Send(topic, event.UserKey(id), event.User{UserID: id, EventType: eventType, Timestamp: time.Now().Unix(), Data: data})
}

func main() {
	ctx, stop := kafka.UntilInterrupted()
	defer stop()
	producer, err := kafka.NewProducer()
	if err != nil {
		log.Fatal(err)
	}
	defer producer.Close()
	p := &processor{producer}
	err = kafka.Consume(ctx, kafka.Setting("GROUP", "stream-processor"), []string{event.Users}, kafka.Retry(producer, 3, 100*time.Millisecond, p.process))
	if err != nil {
		log.Fatal(err)
	}
}
