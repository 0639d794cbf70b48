// Gathers user events and sends a batch when it is full or old enough, also if no further event comes. COUNT says how
// many events.
package main

import (
	"fmt"
	"log"
	"sync"
	"time"

	"github.com/IBM/sarama"

	"kafka-example/internal/event"
	"kafka-example/internal/kafka"
)

// Batcher keeps what could not be sent for the next try. The first error is what Add and Close answer with.
type Batcher struct {
	producer sarama.SyncProducer
	most     int
	mutex    sync.Mutex
	batch    []*sarama.ProducerMessage
	sent     int
	failure  error
	over     chan struct{}
	ticking  sync.WaitGroup
}

func NewBatcher(producer sarama.SyncProducer, most int, age time.Duration) *Batcher {
	b := &Batcher{producer: producer, most: most, over: make(chan struct{})}
	b.ticking.Add(1)
	go b.flushEvery(age)
	return b
}

func (b *Batcher) flushEvery(age time.Duration) {
	defer b.ticking.Done()
	ticker := time.NewTicker(age)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			b.mutex.Lock()
			b.flush()
			b.mutex.Unlock()
		case <-b.over:
			return
		}
	}
}

func (b *Batcher) Add(message *sarama.ProducerMessage) error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.batch = append(b.batch, message)
	if len(b.batch) >= b.most {
		b.flush()
	}
	return b.failure
}

// flush is called with the mutex held.
func (b *Batcher) flush() {
	if len(b.batch) == 0 {
		return
	}
	b.failure = b.producer.SendMessages(b.batch)
	if b.failure == nil {
		fmt.Printf("a batch of %d\n", len(b.batch))
		b.sent += len(b.batch)
		b.batch = nil
		return
	}
	// Only what failed is kept.
	if each, ok := b.failure.(sarama.ProducerErrors); ok {
		b.sent += len(b.batch) - len(each)
		b.batch = nil
		for _, one := range each {
			b.batch = append(b.batch, one.Msg)
		}
	}
}

func (b *Batcher) Close() (int, error) {
	close(b.over)
	b.ticking.Wait()
	b.flush()
	return b.sent, b.failure
}

func main() {
	producer, err := kafka.NewProducer()
	if err != nil {
		log.Fatal(err)
	}
	defer producer.Close()
	batcher := NewBatcher(producer, 100, time.Second)
	for id := int64(0); id < int64(kafka.Count("COUNT", 250)); id++ {
		message, err := kafka.Message(event.Users, event.UserKey(id), event.Registered(id))
		if err == nil {
			err = batcher.Add(message)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	sent, err := batcher.Close()
	fmt.Printf("%d delivered\n", sent)
	if err != nil {
		log.Fatal(err)
	}
}
