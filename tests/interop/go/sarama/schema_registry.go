package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"
)

// SchemaRegistry asks the registry as the guide's type of this name does, with its struct members, paths and media type.
type SchemaRegistry struct {
	baseURL string
	client  *http.Client
}

func NewSchemaRegistry(baseURL string) *SchemaRegistry {
	return &SchemaRegistry{baseURL: baseURL, client: &http.Client{Timeout: 10 * time.Second}}
}

type Schema struct {
	ID         int    `json:"id"`
	Version    int    `json:"version"`
	Subject    string `json:"subject"`
	Schema     string `json:"schema"`
	SchemaType string `json:"schemaType"`
}

type SchemaResponse struct {
	ID int `json:"id"`
}

func (sr *SchemaRegistry) RegisterSchema(subject string, schema string) (*SchemaResponse, error) {
	payload, err := json.Marshal(map[string]interface{}{"schema": schema, "schemaType": "AVRO"})
	if err != nil {
		return nil, err
	}
	url := fmt.Sprintf("%s/subjects/%s/versions", sr.baseURL, subject)
	resp, err := sr.client.Post(url, "application/vnd.schemaregistry.v1+json", bytes.NewBuffer(payload))
	if err != nil {
		return nil, err
	}
	answer := &SchemaResponse{}
	return answer, decode(resp, answer)
}

func (sr *SchemaRegistry) GetSchema(subject string, version string) (*Schema, error) {
	resp, err := sr.client.Get(fmt.Sprintf("%s/subjects/%s/versions/%s", sr.baseURL, subject, version))
	if err != nil {
		return nil, err
	}
	schema := &Schema{}
	return schema, decode(resp, schema)
}

func decode(resp *http.Response, into interface{}) error {
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("schema registry error: %d %s", resp.StatusCode, body)
	}
	return json.NewDecoder(resp.Body).Decode(into)
}

// SendMessageWithSchema writes the id of the subject's newest schema into the header that the guide's consumers read.
func (p *Producer) SendMessageWithSchema(registry *SchemaRegistry, topic, key string, value interface{}, subject string) error {
	schema, err := registry.GetSchema(subject, "latest")
	if err != nil {
		return err
	}
	jsonValue, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, _, err = p.producer.SendMessage(&sarama.ProducerMessage{
		Topic:   topic,
		Key:     sarama.StringEncoder(key),
		Value:   sarama.ByteEncoder(jsonValue),
		Headers: []sarama.RecordHeader{{Key: []byte("schema-id"), Value: []byte(strconv.Itoa(schema.ID))}},
	})
	return err
}

const (
	userSchema  = `{"type":"record","name":"User","fields":[{"name":"id","type":"string"},{"name":"name","type":"string"}]}`
	userSchema2 = `{"type":"record","name":"User","fields":[{"name":"id","type":"string"},{"name":"name","type":"string"},` +
		`{"name":"email","type":"string","default":""}]}`
	userBroken = `{"type":"record","name":"User","fields":[{"name":"id","type":"long"}]}`
)

// schemaRegistry registers, evolves, is refused, sends a message under each version, and reads the ids back.
func schemaRegistry() error {
	config := NewKafkaConfig()
	if err := createTopic(config, userEvents, 1); err != nil {
		return err
	}
	registry := NewSchemaRegistry(os.Getenv("REGISTRY"))
	subject := userEvents + "-value"
	if _, err := registry.GetSchema(subject, "latest"); err == nil || !strings.Contains(err.Error(), "40401") {
		return fmt.Errorf("a subject that is not there: %v", err)
	}
	producer, err := NewProducer(config)
	if err != nil {
		return err
	}
	defer producer.Close()
	var ids []string
	for i, text := range []string{userSchema, userSchema2} {
		made, err := registry.RegisterSchema(subject, text)
		if err != nil {
			return err
		}
		latest, err := registry.GetSchema(subject, "latest")
		if err != nil {
			return err
		}
		want := Schema{made.ID, i + 1, subject, text, "AVRO"}
		if *latest != want {
			return fmt.Errorf("the newest is %+v, not %+v", *latest, want)
		}
		if err := producer.SendMessageWithSchema(registry, userEvents, "k", map[string]string{"id": "u1"}, subject); err != nil {
			return err
		}
		ids = append(ids, strconv.Itoa(made.ID))
	}
	if _, err := registry.RegisterSchema(subject, userBroken); err == nil || !strings.Contains(err.Error(), "409") ||
		!strings.Contains(err.Error(), "/fields/0/type") {
		return fmt.Errorf("one that does not fit: %v", err)
	}
	return expectSchemaIDs(config, userEvents, ids)
}

func expectSchemaIDs(config *KafkaConfig, topic string, ids []string) error {
	consumer, err := sarama.NewConsumer(config.Brokers, newConfig())
	if err != nil {
		return err
	}
	defer consumer.Close()
	partition, err := consumer.ConsumePartition(topic, 0, sarama.OffsetOldest)
	if err != nil {
		return err
	}
	defer partition.Close()
	for _, id := range ids {
		select {
		case message := <-partition.Messages():
			if len(message.Headers) != 1 || string(message.Headers[0].Key) != "schema-id" || string(message.Headers[0].Value) != id {
				return fmt.Errorf("the headers at %d are %v, not schema-id %s", message.Offset, message.Headers, id)
			}
		case <-time.After(20 * time.Second):
			return fmt.Errorf("no message with schema-id %s", id)
		}
	}
	return nil
}
