// Shows what a service shows of itself: /metrics with what it has sent and read, /health with what it needs of the
// cluster. It sends an event every RATE milliseconds and reads them itself. LISTEN is where the pages are.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"sync"
	"time"

	"github.com/IBM/sarama"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"kafka-example/internal/event"
	"kafka-example/internal/kafka"
)

const group = "monitoring-example"

func main() {
	ctx, stop := kafka.UntilInterrupted()
	defer stop()
	producer, err := kafka.NewProducer()
	if err != nil {
		log.Fatal(err)
	}
	defer producer.Close()

	address := kafka.Setting("LISTEN", "localhost:2112")
	pages := http.NewServeMux()
	pages.Handle("/metrics", promhttp.Handler())
	pages.HandleFunc("/health", func(w http.ResponseWriter, _ *http.Request) {
		if err := checkHealth(event.Users); err != nil {
			http.Error(w, "Kafka is unhealthy: "+err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "Kafka is healthy")
	})
	server := &http.Server{Addr: address, Handler: pages, ReadHeaderTimeout: 5 * time.Second}
	go func() {
		if err := server.ListenAndServe(); err != http.ErrServerClosed {
			log.Printf("%v; LISTEN names another address", err)
			stop()
		}
	}()
	defer server.Close()
	fmt.Printf("http://%s/metrics and /health\n", address)

	var producing sync.WaitGroup
	producing.Add(1)
	go func() {
		defer producing.Done()
		produce(ctx, &measuredProducer{producer}, time.Duration(kafka.Count("RATE", 500)+1)*time.Millisecond)
	}()
	err = kafka.ConsumeClaims(ctx, group, []string{event.Users}, measured(handle))
	stop()
	producing.Wait() // nobody may send with a producer that is closed
	if err != nil {
		log.Fatal(err)
	}
}

func produce(ctx context.Context, producer *measuredProducer, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for id := int64(0); ; id++ {
		select {
		case <-ticker.C:
			if err := producer.Send(event.Users, event.UserKey(id), event.Registered(id)); err != nil {
				log.Printf("not sent: %v", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// An event that cannot be read counts as an error and is passed over.
func handle(_ context.Context, message *sarama.ConsumerMessage) error {
	_, err := event.Parse[event.User](message.Value)
	return err
}
