package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/IBM/sarama"

	"kafka-example/internal/database"
	"kafka-example/internal/event"
	"kafka-example/internal/outbox"
)

const (
	usersTable  = `users (id BIGINT PRIMARY KEY AUTO_INCREMENT, email VARCHAR(255) NOT NULL, name VARCHAR(255) NOT NULL)`
	ordersTable = `orders (id BIGINT PRIMARY KEY AUTO_INCREMENT, user_id BIGINT NOT NULL, total DOUBLE NOT NULL, status VARCHAR(20) NOT NULL)`
	// One payment for each order, however often its event comes.
	paymentsTable = `payments (id BIGINT PRIMARY KEY AUTO_INCREMENT, order_id BIGINT NOT NULL UNIQUE, amount DOUBLE NOT NULL)`
)

// insert is a row and its event, or neither.
func insert(ctx context.Context, db *sql.DB, statement string, values []any, topic string, eventOf func(id int64) (key string, event any)) (int64, error) {
	var id int64
	err := database.InTransaction(ctx, db, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, statement, values...)
		if err != nil {
			return err
		}
		if rows, err := done.RowsAffected(); err != nil || rows == 0 {
			return err // there already
		}
		if id, err = done.LastInsertId(); err != nil {
			return err
		}
		key, event := eventOf(id)
		return outbox.Add(ctx, tx, topic, key, event)
	})
	return id, err
}

type UserService struct{ db *sql.DB }

func (s *UserService) Register(ctx context.Context, email, name string) (int64, error) {
	data, err := json.Marshal(event.Person{Email: email, Name: name})
	if err != nil {
		return 0, err
	}
	return insert(ctx, s.db, "INSERT INTO users (email, name) VALUES (?, ?)", []any{email, name}, event.Users,
		func(id int64) (string, any) {
			return event.UserKey(id), event.User{UserID: id, EventType: "user_registered", Timestamp: time.Now().Unix(), Data: data}
		})
}

type OrderService struct{ db *sql.DB }

func (s *OrderService) Create(ctx context.Context, user int64, items []string, total float64) (int64, error) {
	return insert(ctx, s.db, "INSERT INTO orders (user_id, total, status) VALUES (?, ?, 'open')", []any{user, total}, event.Orders,
		func(id int64) (string, any) {
			return event.OrderKey(id), event.Order{OrderID: id, UserID: user, EventType: "order_created", Timestamp: time.Now().Unix(),
				Data: event.OrderData{Items: items, Total: total, Status: "open"}}
		})
}

// OnPayment may come twice for an order: it is paid the second time too.
func (s *OrderService) OnPayment(ctx context.Context, message *sarama.ConsumerMessage) error {
	payment, err := event.Parse[event.Payment](message.Value)
	if err != nil || payment.EventType != "payment_processed" {
		return err
	}
	_, err = s.db.ExecContext(ctx, "UPDATE orders SET status = 'paid' WHERE id = ?", payment.OrderID)
	return err
}

type PaymentService struct{ db *sql.DB }

// OnOrder may come twice for an order: the second time there is a payment already, and nothing happens.
func (s *PaymentService) OnOrder(ctx context.Context, message *sarama.ConsumerMessage) error {
	order, err := event.Parse[event.Order](message.Value)
	if err != nil || order.EventType != "order_created" {
		return err
	}
	_, err = insert(ctx, s.db, "INSERT IGNORE INTO payments (order_id, amount) VALUES (?, ?)", []any{order.OrderID, order.Data.Total}, event.Payments,
		func(id int64) (string, any) {
			return event.PaymentKey(id), event.Payment{PaymentID: id, OrderID: order.OrderID, EventType: "payment_processed", Timestamp: time.Now().Unix(),
				Data: event.PaymentData{Amount: order.Data.Total, Method: "card", Status: "paid"}}
		})
	return err
}
