// Package event has the events of the guide: their topics, keys and fields.
package event

import (
	"encoding/json"
	"fmt"
	"time"

	"kafka-example/internal/kafka"
)

const (
	Users    = "user-events"
	Orders   = "order-events"
	Payments = "payment-events"
)

type User struct {
	UserID    int64           `json:"user_id"`
	EventType string          `json:"event_type"`
	Timestamp int64           `json:"timestamp"`
	Data      json.RawMessage `json:"data,omitempty"`
}

type Person struct {
	Email string `json:"email"`
	Name  string `json:"name"`
}

type Order struct {
	OrderID   int64     `json:"order_id"`
	UserID    int64     `json:"user_id"`
	EventType string    `json:"event_type"`
	Timestamp int64     `json:"timestamp"`
	Data      OrderData `json:"data"`
}

type OrderData struct {
	Items  []string `json:"items"`
	Total  float64  `json:"total"`
	Status string   `json:"status"`
}

type Payment struct {
	PaymentID int64       `json:"payment_id"`
	OrderID   int64       `json:"order_id"`
	EventType string      `json:"event_type"`
	Timestamp int64       `json:"timestamp"`
	Data      PaymentData `json:"data"`
}

type PaymentData struct {
	Amount float64 `json:"amount"`
	Method string  `json:"method"`
	Status string  `json:"status"`
}

// What belongs together has one key, so that it lies in one partition and stays in order.
func UserKey(id int64) string    { return fmt.Sprintf("user-%d", id) }
func OrderKey(id int64) string   { return fmt.Sprintf("order-%d", id) }
func PaymentKey(id int64) string { return fmt.Sprintf("payment-%d", id) }

// Registered is a user_registered event.
func Registered(id int64) User {
	data, _ := json.Marshal(Person{Email: UserKey(id) + "@example.com", Name: fmt.Sprintf("User %d", id)})
	return User{UserID: id, EventType: "user_registered", Timestamp: time.Now().Unix(), Data: data}
}

// Parse reads an event; what is none is poison.
func Parse[T any](value []byte) (T, error) {
	var parsed T
	if err := json.Unmarshal(value, &parsed); err != nil {
		return parsed, fmt.Errorf("%w: %v", kafka.ErrPoison, err)
	}
	return parsed, nil
}
