package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

func userEvent(id int, kind string) map[string]interface{} {
	return map[string]interface{}{
		"user_id":    id,
		"event_type": kind,
		"timestamp":  time.Now().Unix(),
		"data": map[string]interface{}{
			"email": fmt.Sprintf("user%d@example.com", id),
			"name":  "John Doe",
		},
	}
}

// syncProducer leaves the topic to automatic creation, as the guide's program does when run first.
func syncProducer() error {
	config := NewKafkaConfig()
	producer, err := NewProducer(config)
	if err != nil {
		return err
	}
	type place struct {
		partition int32
		offset    int64
	}
	sent := map[place]int{}
	before := time.Now().Add(-time.Second)
	for i := 0; i < 20; i++ {
		partition, offset, err := producer.SendMessage(userEvents, strconv.Itoa(i%4), userEvent(i, "user_registered"))
		if err != nil {
			return err
		}
		sent[place{partition, offset}] = i
	}
	if err := producer.Close(); err != nil {
		return err
	}
	messages, err := readAll(config, userEvents)
	if err != nil {
		return err
	}
	if len(messages) != len(sent) {
		return fmt.Errorf("read %d messages of %d", len(messages), len(sent))
	}
	for _, m := range messages {
		i, known := sent[place{m.Partition, m.Offset}]
		if id, err := userID(m); err != nil || !known || id != i {
			return fmt.Errorf("partition %d offset %d holds user %d (%v), want %d", m.Partition, m.Offset, id, err, i)
		}
		if string(m.Key) != strconv.Itoa(i%4) {
			return fmt.Errorf("user %d has key %q", i, m.Key)
		}
		if len(m.Headers) != 2 || string(m.Headers[0].Key) != "content-type" || string(m.Headers[0].Value) != "application/json" {
			return fmt.Errorf("user %d has headers %v", i, m.Headers)
		}
		if m.Timestamp.Before(before) || m.Timestamp.After(time.Now().Add(time.Second)) {
			return fmt.Errorf("user %d has timestamp %v", i, m.Timestamp)
		}
	}
	return nil
}

func asyncProducer() error {
	const count = 2000
	config := NewKafkaConfig()
	if err := createTopic(config, userEvents, 3); err != nil {
		return err
	}
	producer, err := NewAsyncProducer(config)
	if err != nil {
		return err
	}
	for i := 0; i < count; i++ {
		if err := producer.SendMessage(userEvents, strconv.Itoa(i%50), userEvent(i, "user_login")); err != nil {
			return err
		}
	}
	if err := producer.Close(); err != nil {
		return err
	}
	if len(producer.succeeded) != count || len(producer.failed) != 0 {
		return fmt.Errorf("%d of %d sent, errors: %v", len(producer.succeeded), count, producer.failed)
	}
	return eachKeyInOrder(config, userEvents, count)
}

func batchProducer() error {
	const count = 1050
	config := NewKafkaConfig()
	if err := createTopic(config, orderEvents, 3); err != nil {
		return err
	}
	producer, err := NewBatchProducer(config, 100, time.Minute)
	if err != nil {
		return err
	}
	for i := 0; i < count; i++ {
		if err := producer.AddMessage(orderEvents, strconv.Itoa(i%50), userEvent(i, "order_created")); err != nil {
			return err
		}
	}
	if err := producer.Close(); err != nil {
		return err
	}
	if producer.flushes != 11 {
		return fmt.Errorf("%d flushes, want 11", producer.flushes)
	}
	return eachKeyInOrder(config, orderEvents, count)
}

// collector is a MessageHandler that remembers, and says when it has seen enough.
type collector struct {
	mu      sync.Mutex
	seen    map[string]int
	wanted  int
	enough  chan struct{}
	failing func(id int) error
}

func newCollector(wanted int) *collector {
	return &collector{seen: map[string]int{}, wanted: wanted, enough: make(chan struct{})}
}

func (c *collector) HandleMessage(ctx context.Context, message *sarama.ConsumerMessage) error {
	id, err := userID(message)
	if err != nil {
		return err
	}
	if c.failing != nil {
		if err := c.failing(id); err != nil {
			return err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[fmt.Sprintf("%s/%d", message.Topic, id)]++
	if len(c.seen) == c.wanted {
		close(c.enough)
	}
	return nil
}

func (c *collector) exactlyOnce() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.seen) != c.wanted {
		return fmt.Errorf("%d different messages consumed, want %d", len(c.seen), c.wanted)
	}
	for message, times := range c.seen {
		if times != 1 {
			return fmt.Errorf("%s was consumed %d times", message, times)
		}
	}
	return nil
}

func (c *collector) wait() error {
	select {
	case <-c.enough:
		return nil
	case <-time.After(45 * time.Second):
		c.mu.Lock()
		defer c.mu.Unlock()
		return fmt.Errorf("only %d of %d messages came", len(c.seen), c.wanted)
	}
}

// groupRoundRobin runs two of the guide's consumers in one group on its three topics.
func groupRoundRobin() error {
	config := NewKafkaConfig()
	if err := createTopics(config, config.Topics, 3); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const count = 200
	all := newCollector(3 * count)
	shares := []*share{{collector: all}, {collector: all}}
	var done sync.WaitGroup
	for _, s := range shares {
		consumer, err := NewConsumer(config, s)
		if err != nil {
			return err
		}
		s.assigned = make(chan int, 100)
		done.Add(1)
		go func(s *share) {
			defer done.Done()
			_ = consumeUntilDone(ctx, consumer.consumer, config.Topics, &watchedHandler{consumer, s})
		}(s)
	}
	if err := bothHold(shares, 4, 5); err != nil {
		return err
	}
	producer, err := NewProducer(config)
	if err != nil {
		return err
	}
	var batch []*sarama.ProducerMessage
	for _, topic := range config.Topics {
		for i := 0; i < count; i++ {
			value, _ := json.Marshal(userEvent(i, "user_login"))
			batch = append(batch, &sarama.ProducerMessage{Topic: topic, Key: sarama.StringEncoder(strconv.Itoa(i)), Value: sarama.ByteEncoder(value)})
		}
	}
	if err := producer.producer.SendMessages(batch); err != nil {
		return err
	}
	if err := all.wait(); err != nil {
		return err
	}
	cancel()
	done.Wait()
	if shares[0].count == 0 || shares[1].count == 0 {
		return fmt.Errorf("one consumer took everything: %d and %d", shares[0].count, shares[1].count)
	}
	return all.exactlyOnce()
}

// share counts what one member of the group handled, and hears how many partitions it was given.
type share struct {
	*collector
	mu       sync.Mutex
	count    int
	assigned chan int
}

func (s *share) HandleMessage(ctx context.Context, m *sarama.ConsumerMessage) error {
	s.mu.Lock()
	s.count++
	s.mu.Unlock()
	return s.collector.HandleMessage(ctx, m)
}

type watchedHandler struct {
	*Consumer
	share *share
}

func (h *watchedHandler) Setup(session sarama.ConsumerGroupSession) error {
	partitions := 0
	for _, claimed := range session.Claims() {
		partitions += len(claimed)
	}
	h.share.assigned <- partitions
	return nil
}

// bothHold waits until the two members hold few and many partitions, in either order.
func bothHold(shares []*share, few, many int) error {
	held := []int{-1, -1}
	limit := time.After(30 * time.Second)
	for !(held[0] == few && held[1] == many) && !(held[0] == many && held[1] == few) {
		select {
		case held[0] = <-shares[0].assigned:
		case held[1] = <-shares[1].assigned:
		case <-limit:
			return fmt.Errorf("the members hold %d and %d partitions, want %d and %d", held[0], held[1], few, many)
		}
	}
	return nil
}

// groupResumes stops a consumer half way and expects its successor to start at the committed offsets.
func groupResumes() error {
	config := NewKafkaConfig()
	config.Topics = []string{userEvents}
	if err := createTopic(config, userEvents, 3); err != nil {
		return err
	}
	for _, from := range []int{0, 100} {
		if err := sendEvents(config, userEvents, from, from+100, "user_login"); err != nil {
			return err
		}
		collected := newCollector(100)
		if err := consumeWith(config, collected); err != nil {
			return fmt.Errorf("events from %d: %w", from, err)
		}
	}
	return nil
}

func consumeWith(config *KafkaConfig, collected *collector) error {
	consumer, err := NewConsumer(config, collected)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- consumer.Start(ctx) }()
	err = collected.wait()
	cancel()
	if stopError := <-stopped; err == nil {
		err = stopError
	}
	if err == nil {
		err = collected.exactlyOnce()
	}
	return err
}

// retryAndDeadLetters: every fifth event fails once and then succeeds, every seventh always fails.
func retryAndDeadLetters() error {
	const count = 70
	config := NewKafkaConfig()
	if err := createTopics(config, []string{userEvents, deadLetters}, 1); err != nil {
		return err
	}
	if err := sendEvents(config, userEvents, 0, count, "user_login"); err != nil {
		return err
	}
	collected := newCollector(count - count/7)
	attempts := map[int]int{}
	collected.failing = func(id int) error {
		attempts[id]++
		if id%7 == 0 {
			return errors.New("poison")
		}
		if id%5 == 0 && attempts[id] == 1 {
			return errors.New("transient")
		}
		return nil
	}
	consumer, err := NewConsumerWithRetry(config, collected, 3, time.Millisecond)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- consumeUntilDone(ctx, consumer.consumer, []string{userEvents}, consumer) }()
	err = collected.wait()
	cancel()
	if stopError := <-stopped; err == nil {
		err = stopError
	}
	if err != nil {
		return err
	}
	if err := consumer.deadLetters.Close(); err != nil {
		return err
	}
	if err := collected.exactlyOnce(); err != nil {
		return err
	}
	letters, err := readAll(config, deadLetters)
	if err != nil {
		return err
	}
	if len(letters) != count/7 {
		return fmt.Errorf("%d dead letters, want %d", len(letters), count/7)
	}
	for i, letter := range letters {
		if want := strconv.Itoa(7 * i); string(letter.Key) != want {
			return fmt.Errorf("dead letter %d has key %q, want %q", i, letter.Key, want)
		}
	}
	return nil
}

func transform() error {
	config := NewKafkaConfig()
	if err := createTopics(config, []string{userEvents, emailEvents, notificationEvents, cleanupEvents}, 1); err != nil {
		return err
	}
	kinds := []string{"user_registered", "user_updated", "user_deleted"}
	for i := 0; i < 30; i++ {
		if err := sendEvents(config, userEvents, i, i+1, kinds[i%3]); err != nil {
			return err
		}
	}
	processor, err := NewStreamProcessor(config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- processor.ProcessUserEvents(ctx) }()
	err = waitForEnd(config, cleanupEvents, 10)
	cancel()
	<-stopped
	if err != nil {
		return err
	}
	if err := processor.consumer.Close(); err != nil {
		return err
	}
	for offset, topic := range []string{emailEvents, notificationEvents, cleanupEvents} {
		messages, err := readAll(config, topic)
		if err != nil {
			return err
		}
		if len(messages) != 10 {
			return fmt.Errorf("%s has %d messages, want 10", topic, len(messages))
		}
		for i, m := range messages {
			if id, err := userID(m); err != nil || id != 3*i+offset {
				return fmt.Errorf("%s offset %d is of user %d (%v), want %d", topic, i, id, err, 3*i+offset)
			}
		}
	}
	return nil
}

func admin() error {
	config := NewKafkaConfig()
	a, err := sarama.NewClusterAdmin(config.Brokers, newConfig())
	if err != nil {
		return err
	}
	defer a.Close()
	retention := "12345678"
	detail := &sarama.TopicDetail{NumPartitions: 2, ReplicationFactor: 1, ConfigEntries: map[string]*string{"retention.ms": &retention}}
	if err := a.CreateTopic(userEvents, detail, false); err != nil {
		return fmt.Errorf("create: %w", err)
	}
	if err := a.CreateTopic(userEvents, detail, false); !errorIs(err, sarama.ErrTopicAlreadyExists) {
		return fmt.Errorf("creating it again: %v", err)
	}
	if err := a.CreatePartitions(userEvents, 4, nil, false); err != nil {
		return fmt.Errorf("create partitions: %w", err)
	}
	if err := eventually("four partitions", func() bool {
		described, err := a.DescribeTopics([]string{userEvents})
		return err == nil && len(described) == 1 && len(described[0].Partitions) == 4
	}); err != nil {
		return err
	}
	entries, err := a.DescribeConfig(sarama.ConfigResource{Type: sarama.TopicResource, Name: userEvents, ConfigNames: []string{"retention.ms"}})
	if err != nil || len(entries) != 1 || entries[0].Value != retention {
		return fmt.Errorf("describe config: %v %v", entries, err)
	}
	if err := a.DeleteTopic(userEvents); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return eventually("a deleted topic is no longer listed", func() bool {
		topics, err := a.ListTopics()
		_, still := topics[userEvents]
		return err == nil && !still
	})
}

// eventually gives a broker the moment that it may need to hear of what the controller has done.
func eventually(what string, done func() bool) error {
	for end := time.Now().Add(10 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			return fmt.Errorf("not within 10 s: %s", what)
		}
	}
	return nil
}

func errorIs(err error, want sarama.KError) bool {
	var topicError *sarama.TopicError
	return errors.As(err, &topicError) && topicError.Err == want
}
