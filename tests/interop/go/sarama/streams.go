package main

import (
	"context"
	"encoding/json"
	"log"
	"time"

	"github.com/IBM/sarama"
)

// StreamProcessor is the guide's consume-transform-produce program.
type StreamProcessor struct {
	consumer sarama.ConsumerGroup
	producer sarama.SyncProducer
	config   *KafkaConfig
}

func NewStreamProcessor(config *KafkaConfig) (*StreamProcessor, error) {
	consumer, err := sarama.NewConsumerGroup(config.Brokers, config.GroupID, config.GetConsumerConfig())
	if err != nil {
		return nil, err
	}
	producer, err := sarama.NewSyncProducer(config.Brokers, config.GetProducerConfig())
	if err != nil {
		return nil, err
	}
	go logErrors(consumer)
	return &StreamProcessor{consumer: consumer, producer: producer, config: config}, nil
}

func (sp *StreamProcessor) ProcessUserEvents(ctx context.Context) error {
	handler := &UserEventProcessor{producer: sp.producer}
	for {
		if err := sp.consumer.Consume(ctx, []string{userEvents}, handler); err != nil {
			log.Printf("Error from consumer: %v", err)
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

type UserEventProcessor struct {
	producer sarama.SyncProducer
}

func (p *UserEventProcessor) Setup(sarama.ConsumerGroupSession) error   { return nil }
func (p *UserEventProcessor) Cleanup(sarama.ConsumerGroupSession) error { return nil }

func (p *UserEventProcessor) ConsumeClaim(session sarama.ConsumerGroupSession, claim sarama.ConsumerGroupClaim) error {
	for {
		select {
		case message := <-claim.Messages():
			if message == nil {
				return nil
			}
			if err := p.processUserEvent(session.Context(), message); err != nil {
				log.Printf("Error processing user event: %v", err)
			}
			session.MarkMessage(message, "")
		case <-session.Context().Done():
			return nil
		}
	}
}

func (p *UserEventProcessor) processUserEvent(ctx context.Context, message *sarama.ConsumerMessage) error {
	var userEvent map[string]interface{}
	if err := json.Unmarshal(message.Value, &userEvent); err != nil {
		return err
	}
	eventType := userEvent["event_type"].(string)
	switch eventType {
	case "user_registered":
		return p.handleUserRegistration(userEvent)
	case "user_updated":
		return p.handleUserUpdate(userEvent)
	case "user_deleted":
		return p.handleUserDeletion(userEvent)
	default:
		log.Printf("Unknown event type: %s", eventType)
	}
	return nil
}

func (p *UserEventProcessor) handleUserRegistration(userEvent map[string]interface{}) error {
	welcomeEvent := map[string]interface{}{
		"user_id":    userEvent["user_id"],
		"event_type": "welcome_email_sent",
		"timestamp":  time.Now().Unix(),
		"data": map[string]interface{}{
			"email": userEvent["data"].(map[string]interface{})["email"],
		},
	}
	return p.sendEvent(emailEvents, welcomeEvent)
}

func (p *UserEventProcessor) handleUserUpdate(userEvent map[string]interface{}) error {
	notificationEvent := map[string]interface{}{
		"user_id":    userEvent["user_id"],
		"event_type": "profile_updated",
		"timestamp":  time.Now().Unix(),
		"data":       userEvent["data"],
	}
	return p.sendEvent(notificationEvents, notificationEvent)
}

func (p *UserEventProcessor) handleUserDeletion(userEvent map[string]interface{}) error {
	cleanupEvent := map[string]interface{}{
		"user_id":    userEvent["user_id"],
		"event_type": "user_cleanup",
		"timestamp":  time.Now().Unix(),
	}
	return p.sendEvent(cleanupEvents, cleanupEvent)
}

func (p *UserEventProcessor) sendEvent(topic string, event map[string]interface{}) error {
	jsonValue, err := json.Marshal(event)
	if err != nil {
		return err
	}
	message := &sarama.ProducerMessage{
		Topic: topic,
		Value: sarama.ByteEncoder(jsonValue),
	}
	_, _, err = p.producer.SendMessage(message)
	return err
}
