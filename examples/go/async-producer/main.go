// Sends user events without waiting for each: answers come back on two channels, one for what arrived and one for what
// did not. COUNT says how many.
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

func main() {
	config := kafka.ProducerConfig()
	config.Producer.Return.Errors = true
	config.Producer.Flush.Frequency = 10 * time.Millisecond
	producer, err := sarama.NewAsyncProducer(kafka.Brokers(), config)
	if err != nil {
		log.Fatalf("connect to %v: %v", kafka.Brokers(), err)
	}
	var answers sync.WaitGroup
	var delivered, failed int // each belongs to one goroutine until answers.Wait()
	answers.Add(2)
	go func() {
		defer answers.Done()
		for range producer.Successes() {
			delivered++
		}
	}()
	go func() {
		defer answers.Done()
		for failure := range producer.Errors() {
			log.Printf("not delivered: %v", failure)
			failed++
		}
	}()

	refused := send(producer, kafka.Count("COUNT", 100))
	producer.AsyncClose() // not Close: that would read the two channels itself
	answers.Wait()
	fmt.Printf("%d delivered, %d failed\n", delivered, failed)
	if refused != nil {
		log.Fatal(refused)
	}
	if failed > 0 {
		log.Fatal("some events were not delivered")
	}
}

// The queue has a bound: when the broker does not keep up, whoever sends waits here.
func send(producer sarama.AsyncProducer, count int) error {
	for id := int64(0); id < int64(count); id++ {
		message, err := kafka.Message(event.Users, event.UserKey(id), event.Registered(id))
		if err != nil {
			return err
		}
		select {
		case producer.Input() <- message:
		case <-time.After(5 * time.Second):
			return fmt.Errorf("no room for event %d within 5 s: is the broker up?", id)
		}
	}
	return nil
}
