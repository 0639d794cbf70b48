package main

import (
	"encoding/json"
	"fmt"
	"log"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// Producer, AsyncProducer and BatchProducer are the guide's. What its text lacks to compile or to be checked is marked.

type Producer struct {
	producer sarama.SyncProducer
	config   *KafkaConfig
}

func NewProducer(config *KafkaConfig) (*Producer, error) {
	producer, err := sarama.NewSyncProducer(config.Brokers, config.GetProducerConfig())
	if err != nil {
		return nil, err
	}
	return &Producer{producer: producer, config: config}, nil
}

// SendMessage returns where the message went; the guide only logs it.
func (p *Producer) SendMessage(topic string, key string, value interface{}) (int32, int64, error) {
	jsonValue, err := json.Marshal(value)
	if err != nil {
		return 0, 0, err
	}
	message := &sarama.ProducerMessage{
		Topic: topic,
		Key:   sarama.StringEncoder(key),
		Value: sarama.ByteEncoder(jsonValue),
		Headers: []sarama.RecordHeader{
			{
				Key:   []byte("content-type"),
				Value: []byte("application/json"),
			},
			{
				Key:   []byte("timestamp"),
				Value: []byte(time.Now().Format(time.RFC3339)),
			},
		},
	}
	return p.producer.SendMessage(message)
}

func (p *Producer) Close() error {
	return p.producer.Close()
}

type AsyncProducer struct {
	producer sarama.AsyncProducer
	config   *KafkaConfig
	// Not in the guide: what came back, for the check, and the end of the two goroutines.
	succeeded []*sarama.ProducerMessage
	failed    []error
	handlers  sync.WaitGroup
}

func NewAsyncProducer(config *KafkaConfig) (*AsyncProducer, error) {
	// The guide sets these two on its own KafkaConfig, which has no such fields.
	producerConfig := config.GetProducerConfig()
	producerConfig.Producer.Return.Successes = true
	producerConfig.Producer.Return.Errors = true

	producer, err := sarama.NewAsyncProducer(config.Brokers, producerConfig)
	if err != nil {
		return nil, err
	}
	asyncProducer := &AsyncProducer{producer: producer, config: config}
	asyncProducer.handlers.Add(2)
	go asyncProducer.handleSuccesses()
	go asyncProducer.handleErrors()
	return asyncProducer, nil
}

func (p *AsyncProducer) SendMessage(topic string, key string, value interface{}) error {
	jsonValue, err := json.Marshal(value)
	if err != nil {
		return err
	}
	message := &sarama.ProducerMessage{
		Topic: topic,
		Key:   sarama.StringEncoder(key),
		Value: sarama.ByteEncoder(jsonValue),
	}
	select {
	case p.producer.Input() <- message:
		return nil
	case <-time.After(5 * time.Second):
		return fmt.Errorf("timeout sending message")
	}
}

func (p *AsyncProducer) handleSuccesses() {
	defer p.handlers.Done()
	for msg := range p.producer.Successes() {
		p.succeeded = append(p.succeeded, msg)
	}
}

func (p *AsyncProducer) handleErrors() {
	defer p.handlers.Done()
	for err := range p.producer.Errors() {
		log.Printf("Failed to send message: %v", err)
		p.failed = append(p.failed, err)
	}
}

// Close uses AsyncClose where the guide has Close: Close drains the two channels itself, so that the guide's
// handlers would miss the last messages.
func (p *AsyncProducer) Close() error {
	p.producer.AsyncClose()
	p.handlers.Wait()
	return nil
}

type BatchProducer struct {
	producer  sarama.SyncProducer
	config    *KafkaConfig
	batch     []*sarama.ProducerMessage
	maxSize   int
	timeout   time.Duration
	lastFlush time.Time
	flushes   int // not in the guide
}

func NewBatchProducer(config *KafkaConfig, maxSize int, timeout time.Duration) (*BatchProducer, error) {
	producer, err := sarama.NewSyncProducer(config.Brokers, config.GetProducerConfig())
	if err != nil {
		return nil, err
	}
	return &BatchProducer{
		producer:  producer,
		config:    config,
		batch:     make([]*sarama.ProducerMessage, 0, maxSize),
		maxSize:   maxSize,
		timeout:   timeout,
		lastFlush: time.Now(),
	}, nil
}

func (p *BatchProducer) AddMessage(topic string, key string, value interface{}) error {
	jsonValue, err := json.Marshal(value)
	if err != nil {
		return err
	}
	message := &sarama.ProducerMessage{
		Topic: topic,
		Key:   sarama.StringEncoder(key),
		Value: sarama.ByteEncoder(jsonValue),
	}
	p.batch = append(p.batch, message)

	// Flush if batch is full or timeout reached
	if len(p.batch) >= p.maxSize || time.Since(p.lastFlush) > p.timeout {
		return p.Flush()
	}
	return nil
}

func (p *BatchProducer) Flush() error {
	if len(p.batch) == 0 {
		return nil
	}
	if err := p.producer.SendMessages(p.batch); err != nil {
		return err
	}
	p.flushes++
	p.batch = p.batch[:0]
	p.lastFlush = time.Now()
	return nil
}

func (p *BatchProducer) Close() error {
	if err := p.Flush(); err != nil {
		return err
	}
	return p.producer.Close()
}
