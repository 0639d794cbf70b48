package kafka

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/IBM/sarama"
)

// Message is an event as JSON, with the headers that say so.
func Message(topic, key string, event any) (*sarama.ProducerMessage, error) {
	value, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("an event for %s is not JSON: %w", topic, err)
	}
	return &sarama.ProducerMessage{
		Topic: topic,
		Key:   sarama.StringEncoder(key),
		Value: sarama.ByteEncoder(value),
		Headers: []sarama.RecordHeader{
			{Key: []byte("content-type"), Value: []byte("application/json")},
			{Key: []byte("timestamp"), Value: []byte(time.Now().Format(time.RFC3339))},
		},
	}, nil
}

// Producer waits until the broker has each event.
type Producer struct{ sarama.SyncProducer }

func NewProducer() (*Producer, error) {
	producer, err := sarama.NewSyncProducer(Brokers(), ProducerConfig())
	if err != nil {
		return nil, fmt.Errorf("producer: %w (is a server at %v? BOOTSTRAP names another)", err, Brokers())
	}
	return &Producer{producer}, nil
}

func (p *Producer) Send(topic, key string, event any) error {
	message, err := Message(topic, key, event)
	if err != nil {
		return err
	}
	_, _, err = p.SendMessage(message)
	return err
}
