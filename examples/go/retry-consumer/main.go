// A consumer that bears errors: a handler for each topic, three tries, then the dead letters. Ctrl-C ends it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"kafka-example/internal/event"
	"kafka-example/internal/kafka"
)

// Partitions are handled at the same time, so what they share has a lock.
type handler struct {
	mutex sync.Mutex
	seen  map[string]int // event types
	tries map[int64]int  // of orders whose stock is not known yet
}

func (h *handler) handle(_ context.Context, message *sarama.ConsumerMessage) error {
	switch message.Topic {
	case event.Users:
		user, err := event.Parse[event.User](message.Value)
		return h.count(user.EventType, err)
	case event.Orders:
		order, err := event.Parse[event.Order](message.Value)
		if err == nil {
			err = h.reserve(order)
		}
		return h.count(order.EventType, err)
	default:
		payment, err := event.Parse[event.Payment](message.Value)
		if err == nil && payment.Data.Amount <= 0 {
			err = fmt.Errorf("payment %d has the amount %g", payment.PaymentID, payment.Data.Amount)
		}
		return h.count(payment.EventType, err)
	}
}

// reserve stands for a service that is away for a moment: an order that says so gets through at the second try.
func (h *handler) reserve(order event.Order) error {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.tries[order.OrderID]++
	if order.Data.Status == "stock unknown" && h.tries[order.OrderID] == 1 {
		return errors.New("the stock is not known yet")
	}
	delete(h.tries, order.OrderID)
	return nil
}

func (h *handler) count(eventType string, err error) error {
	if err != nil {
		return err
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.seen[eventType]++
	fmt.Printf("handled %s, %d so far\n", eventType, h.seen[eventType])
	return nil
}

func main() {
	ctx, stop := kafka.UntilInterrupted()
	defer stop()
	producer, err := kafka.NewProducer()
	if err != nil {
		log.Fatal(err)
	}
	defer producer.Close()
	h := &handler{seen: map[string]int{}, tries: map[int64]int{}}
	err = kafka.Consume(ctx, kafka.Setting("GROUP", "my-consumer-group"), []string{event.Users, event.Orders, event.Payments},
		kafka.Retry(producer, 3, 100*time.Millisecond, h.handle))
	if err != nil {
		log.Fatal(err)
	}
}
