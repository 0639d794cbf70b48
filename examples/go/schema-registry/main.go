// Registers the schema of user events, lets it grow, is refused a change that would break readers, and sends an event
// whose header says which schema it follows. REGISTRY names another than http://localhost:8081.
package main

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"strconv"

	"github.com/IBM/sarama"

	"kafka-example/internal/event"
	"kafka-example/internal/kafka"
	"kafka-example/internal/registry"
)

const (
	subject = "user-events-value"
	first   = `{"type":"record","name":"UserEvent","fields":[{"name":"user_id","type":"long"},{"name":"event_type","type":"string"}]}`
	grown   = `{"type":"record","name":"UserEvent","fields":[{"name":"user_id","type":"long"},{"name":"event_type","type":"string"},{"name":"timestamp","type":"long","default":0}]}`
	broken  = `{"type":"record","name":"UserEvent","fields":[{"name":"user_id","type":"string"},{"name":"event_type","type":"string"}]}`
)

func run() error {
	schemas := registry.New(kafka.Setting("REGISTRY", "http://localhost:8081"))
	for _, schema := range []string{first, grown} {
		id, err := schemas.Register(subject, schema)
		if err != nil {
			return err
		}
		fmt.Printf("registered with id %d\n", id)
	}
	var refused *registry.Error
	if _, err := schemas.Register(subject, broken); !errors.As(err, &refused) || refused.Status != http.StatusConflict {
		return fmt.Errorf("a schema that breaks readers was not refused: %v", err)
	}
	fmt.Printf("refused: %s\n", refused.Message)
	latest, err := schemas.Get(subject, "latest")
	if err != nil {
		return err
	}
	fmt.Printf("latest is version %d, id %d\n", latest.Version, latest.ID)
	partition, offset, err := send(latest)
	if err != nil {
		return err
	}
	return show(schemas, partition, offset)
}

func send(schema *registry.Schema) (int32, int64, error) {
	producer, err := kafka.NewProducer()
	if err != nil {
		return 0, 0, err
	}
	defer producer.Close()
	message, err := kafka.Message(event.Users, event.UserKey(123), event.Registered(123))
	if err != nil {
		return 0, 0, err
	}
	message.Headers = append(message.Headers, sarama.RecordHeader{Key: []byte("schema-id"), Value: []byte(strconv.Itoa(schema.ID))})
	return producer.SendMessage(message)
}

// show reads that one event as a consumer would, and looks its schema up.
func show(schemas *registry.Registry, partition int32, offset int64) error {
	consumer, err := sarama.NewConsumer(kafka.Brokers(), sarama.NewConfig())
	if err != nil {
		return err
	}
	defer consumer.Close()
	records, err := consumer.ConsumePartition(event.Users, partition, offset)
	if err != nil {
		return err
	}
	defer records.Close()
	message := <-records.Messages()
	for _, header := range message.Headers {
		if string(header.Key) == "schema-id" {
			id, err := strconv.Atoi(string(header.Value))
			if err != nil {
				return err
			}
			schema, err := schemas.ByID(id)
			if err != nil {
				return err
			}
			fmt.Printf("%s follows schema %d: %s\n", message.Value, id, schema)
			return nil
		}
	}
	return errors.New("the event has no schema-id")
}

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}
