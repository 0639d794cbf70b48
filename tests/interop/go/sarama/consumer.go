package main

import (
	"context"
	"log"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// Consumer and ConsumerWithRetry are the guide's; handlers of the cases take the place of its DefaultMessageHandler.

type Consumer struct {
	consumer sarama.ConsumerGroup
	config   *KafkaConfig
	handler  MessageHandler
}

type MessageHandler interface {
	HandleMessage(ctx context.Context, message *sarama.ConsumerMessage) error
}

func NewConsumer(config *KafkaConfig, handler MessageHandler) (*Consumer, error) {
	consumer, err := sarama.NewConsumerGroup(config.Brokers, config.GroupID, config.GetConsumerConfig())
	if err != nil {
		return nil, err
	}
	// The guide sets Consumer.Return.Errors without reading them, which blocks sarama at the first error.
	go logErrors(consumer)
	return &Consumer{consumer: consumer, config: config, handler: handler}, nil
}

func (c *Consumer) Start(ctx context.Context) error {
	return consumeUntilDone(ctx, c.consumer, c.config.Topics, c)
}

// consumeUntilDone is the body of the guide's Consumer.Start.
func consumeUntilDone(ctx context.Context, group sarama.ConsumerGroup, topics []string, handler sarama.ConsumerGroupHandler) error {
	wg := &sync.WaitGroup{}
	wg.Add(1)
	go func() {
		defer wg.Done()
		for {
			if err := group.Consume(ctx, topics, handler); err != nil {
				log.Printf("Error from consumer: %v", err)
				return
			}
			if ctx.Err() != nil {
				return
			}
		}
	}()
	wg.Wait()
	return group.Close()
}

func logErrors(group sarama.ConsumerGroup) {
	for err := range group.Errors() {
		log.Printf("consumer group: %v", err)
	}
}

func (c *Consumer) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (c *Consumer) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (c *Consumer) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case message := <-claim.Messages():
			if message == nil {
				return nil
			}
			if err := c.handler.HandleMessage(session.Context(), message); err != nil {
				log.Printf("Error handling message: %v", err)
			}
			session.MarkMessage(message, "")
		case <-session.Context().Done():
			return nil
		}
	}
}

type ConsumerWithRetry struct {
	consumer   sarama.ConsumerGroup
	config     *KafkaConfig
	handler    MessageHandler
	maxRetries int
	retryDelay time.Duration
	// The guide leaves the dead letter queue to the reader: here it is a topic.
	deadLetters *Producer
}

func NewConsumerWithRetry(config *KafkaConfig, handler MessageHandler, maxRetries int, retryDelay time.Duration) (*ConsumerWithRetry, error) {
	consumer, err := sarama.NewConsumerGroup(config.Brokers, config.GroupID, config.GetConsumerConfig())
	if err != nil {
		return nil, err
	}
	deadLetters, err := NewProducer(config)
	if err != nil {
		return nil, err
	}
	go logErrors(consumer)
	return &ConsumerWithRetry{
		consumer:    consumer,
		config:      config,
		handler:     handler,
		maxRetries:  maxRetries,
		retryDelay:  retryDelay,
		deadLetters: deadLetters,
	}, nil
}

func (c *ConsumerWithRetry) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (c *ConsumerWithRetry) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (c *ConsumerWithRetry) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case message := <-claim.Messages():
			if message == nil {
				return nil
			}
			if err := c.handleMessageWithRetry(session.Context(), message); err != nil {
				log.Printf("Failed to process message after retries: %v", err)
				c.sendToDeadLetterQueue(message, err)
			}
			session.MarkMessage(message, "")
		case <-session.Context().Done():
			return nil
		}
	}
}

func (c *ConsumerWithRetry) handleMessageWithRetry(ctx context.Context, message *sarama.ConsumerMessage) error {
	var lastErr error
	for i := 0; i < c.maxRetries; i++ {
		if err := c.handler.HandleMessage(ctx, message); err != nil {
			lastErr = err
			if i < c.maxRetries-1 {
				time.Sleep(c.retryDelay * time.Duration(i+1))
			}
		} else {
			return nil
		}
	}
	return lastErr
}

func (c *ConsumerWithRetry) sendToDeadLetterQueue(message *sarama.ConsumerMessage, err error) {
	letter := map[string]interface{}{"topic": message.Topic, "offset": message.Offset, "reason": err.Error()}
	if _, _, err := c.deadLetters.SendMessage(deadLetters, string(message.Key), letter); err != nil {
		log.Printf("dead letter lost: %v", err)
	}
}
