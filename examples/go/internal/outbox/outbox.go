// Package outbox keeps rows and events together. Whoever writes a row and then sends an event loses the event when it
// dies in between; the other way round there is an event without a row. So the event is a row too, written in the same
// transaction, and a relay sends such rows and deletes them. When the relay dies between the two it sends again: at
// least once, which is why those who read must bear an event that comes twice.
package outbox

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"kafka-example/internal/kafka"
)

const Table = `outbox (
	id BIGINT PRIMARY KEY AUTO_INCREMENT,
	topic VARCHAR(249) NOT NULL,
	record_key VARCHAR(255) NOT NULL,
	value JSON NOT NULL)`

// Add belongs to the transaction that writes the row which the event is about.
func Add(ctx context.Context, tx *sql.Tx, topic, key string, event any) error {
	value, err := json.Marshal(event)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO outbox (topic, record_key, value) VALUES (?, ?, ?)", topic, key, string(value))
	return err
}

const most = 100 // rows at a time

// Relay sends what is in the outbox, in its order, until ctx ends. One relay for each database.
func Relay(ctx context.Context, db *sql.DB, producer *kafka.Producer) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		for full := true; full; {
			sent, err := relayOnce(ctx, db, producer)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			full = sent == most
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func relayOnce(ctx context.Context, db *sql.DB, producer *kafka.Producer) (int, error) {
	rows, err := db.QueryContext(ctx, "SELECT id, topic, record_key, value FROM outbox ORDER BY id LIMIT ?", most)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var ids []any
	var messages []*sarama.ProducerMessage
	for rows.Next() {
		var id int64
		var topic, key, value string
		if err := rows.Scan(&id, &topic, &key, &value); err != nil {
			return 0, err
		}
		message, err := kafka.Message(topic, key, json.RawMessage(value))
		if err != nil {
			return 0, err
		}
		ids, messages = append(ids, id), append(messages, message)
	}
	if err := rows.Err(); err != nil || len(ids) == 0 {
		return 0, err
	}
	if err := producer.SendMessages(messages); err != nil {
		return 0, err
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(ids)), ",")
	_, err = db.ExecContext(ctx, "DELETE FROM outbox WHERE id IN ("+marks+")", ids...)
	return len(ids), err
}
