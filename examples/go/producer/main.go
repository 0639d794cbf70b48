// Sends ten user events, each acknowledged by the disk before the next.
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/IBM/sarama"
)

func main() {
	config := sarama.NewConfig()
	config.Producer.RequiredAcks = sarama.WaitForAll
	config.Producer.Return.Successes = true
	config.Producer.Compression = sarama.CompressionSnappy
	producer, err := sarama.NewSyncProducer([]string{bootstrap()}, config)
	if err != nil {
		log.Fatalf("connect: %v", err)
	}
	defer producer.Close()

	for id := 0; id < 10; id++ {
		event, _ := json.Marshal(map[string]any{
			"user_id": id, "event_type": "user_registered", "timestamp": time.Now().Unix(), "sent_by": "go",
		})
		partition, offset, err := producer.SendMessage(&sarama.ProducerMessage{
			Topic:   "user-events",
			Key:     sarama.StringEncoder(fmt.Sprintf("user-%d", id)),
			Value:   sarama.ByteEncoder(event),
			Headers: []sarama.RecordHeader{{Key: []byte("content-type"), Value: []byte("application/json")}},
		})
		if err != nil {
			log.Fatalf("send: %v", err)
		}
		fmt.Printf("partition=%d offset=%d key=user-%d\n", partition, offset, id)
	}
}

func bootstrap() string {
	if address := os.Getenv("BOOTSTRAP"); address != "" {
		return address
	}
	return "localhost:9092"
}
