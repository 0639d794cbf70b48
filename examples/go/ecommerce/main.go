// Users register and order, a payment follows every order, and the order is paid: three services with one database,
// which speak to each other through Kafka only. COUNT users; it ends when all their orders are paid.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"time"

	"kafka-example/internal/database"
	"kafka-example/internal/event"
	"kafka-example/internal/kafka"
	"kafka-example/internal/outbox"
)

func run(ctx context.Context) error {
	db, err := database.Open(ctx, usersTable, ordersTable, paymentsTable, outbox.Table)
	if err != nil {
		return err
	}
	defer db.Close()
	producer, err := kafka.NewProducer()
	if err != nil {
		return err
	}
	defer producer.Close()
	ctx, first := kafka.UntilFirst(ctx)
	defer first.Fail(nil)
	users, orders, payments := &UserService{db}, &OrderService{db}, &PaymentService{db}
	services := []func() error{
		func() error { return outbox.Relay(ctx, db, producer) },
		func() error { return kafka.Consume(ctx, "payment-service", []string{event.Orders}, payments.OnOrder) },
		func() error { return kafka.Consume(ctx, "order-service", []string{event.Payments}, orders.OnPayment) },
	}
	ended := make(chan error, len(services))
	for _, service := range services {
		go func(service func() error) {
			err := service()
			if err != nil {
				first.Fail(err)
			}
			ended <- err
		}(service)
	}
	err = trade(ctx, db, users, orders)
	if ctx.Err() != nil {
		err = nil // it was stopped, or a service failed: that is the first error
	}
	first.Fail(nil)
	for range services { // they commit and leave their groups
		<-ended
	}
	if failed := first.Err(); failed != nil {
		return failed
	}
	return err
}

// trade is the customers: each registers and orders. Then it waits until every order of theirs is paid.
func trade(ctx context.Context, db *sql.DB, users *UserService, orders *OrderService) error {
	count := kafka.Count("COUNT", 10)
	placed := make([]int64, 0, count)
	for i := 0; i < count; i++ {
		user, err := users.Register(ctx, fmt.Sprintf("user-%d@example.com", i), fmt.Sprintf("User %d", i))
		if err != nil {
			return err
		}
		order, err := orders.Create(ctx, user, []string{"tea", "cup"}, float64(i)+0.5)
		if err != nil {
			return err
		}
		placed = append(placed, order)
	}
	fmt.Printf("%d users, %d orders\n", count, len(placed))
	for len(placed) > 0 {
		var status string
		if err := db.QueryRowContext(ctx, "SELECT status FROM orders WHERE id = ?", placed[0]).Scan(&status); err != nil {
			return err
		}
		if status == "paid" {
			placed = placed[1:]
			continue
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return nil
		}
	}
	fmt.Printf("%d paid\n", count)
	return nil
}

func main() {
	ctx, stop := kafka.UntilInterrupted()
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}
