package main

import (
	"context"
	"log"
	"strconv"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"kafka-example/internal/kafka"
)

var (
	produced = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "kafka_messages_produced_total", Help: "Messages that were produced, by outcome."}, []string{"topic", "status"})
	produceSeconds = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "kafka_message_produce_duration_seconds", Help: "How long a message took until it was acknowledged."}, []string{"topic"})
	consumed = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "kafka_messages_consumed_total", Help: "Messages that were handled, by outcome."}, []string{"topic", "consumer_group", "status"})
	consumeSeconds = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "kafka_message_consume_duration_seconds", Help: "How long a handler took."}, []string{"topic", "consumer_group"})
	lag = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "kafka_consumer_lag", Help: "Messages behind the end of the partition."}, []string{"topic", "partition", "consumer_group"})
)

func outcome(err error) string {
	if err != nil {
		return "error"
	}
	return "success"
}

type measuredProducer struct{ *kafka.Producer }

func (p *measuredProducer) Send(topic, key string, event any) error {
	start := time.Now()
	err := p.Producer.Send(topic, key, event)
	produceSeconds.WithLabelValues(topic).Observe(time.Since(start).Seconds())
	produced.WithLabelValues(topic, outcome(err)).Inc()
	return err
}

// measured counts what the handler did, and goes on after its errors.
func measured(handle kafka.Handler) func(context.Context, sarama.ConsumerGroupClaim, *sarama.ConsumerMessage) error {
	return func(ctx context.Context, claim sarama.ConsumerGroupClaim, message *sarama.ConsumerMessage) error {
		start := time.Now()
		err := handle(ctx, message)
		consumeSeconds.WithLabelValues(message.Topic, group).Observe(time.Since(start).Seconds())
		consumed.WithLabelValues(message.Topic, group, outcome(err)).Inc()
		behind := claim.HighWaterMarkOffset() - message.Offset - 1
		lag.WithLabelValues(message.Topic, strconv.Itoa(int(message.Partition)), group).Set(float64(behind))
		if err != nil {
			log.Printf("%s-%d@%d: %v", message.Topic, message.Partition, message.Offset, err)
		}
		return nil
	}
}
