// Counts registrations, logins and purchases of each day in MariaDB or MySQL. The offset is stored with the count, in
// one transaction, so that a record which comes twice counts once, also after a crash. Ctrl-C ends it and prints the
// counts.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"log"
	"time"

	"github.com/IBM/sarama"

	"kafka-example/internal/database"
	"kafka-example/internal/event"
	"kafka-example/internal/kafka"
)

// What is counted where. Names of tables cannot be parameters of a statement: they come from here only.
var tableOf = map[string]string{
	"user_registered": "daily_registrations",
	"user_login":      "daily_logins",
	"user_purchase":   "daily_purchases",
}

const offsetsTable = "analytics_offsets (topic VARCHAR(249), partition_id INT, next_offset BIGINT NOT NULL, PRIMARY KEY (topic, partition_id))"

type analytics struct{ db *sql.DB }

func (a *analytics) handle(ctx context.Context, message *sarama.ConsumerMessage) error {
	user, err := event.Parse[event.User](message.Value)
	if err != nil {
		return err
	}
	table, counted := tableOf[user.EventType]
	if !counted {
		return nil
	}
	return database.InTransaction(ctx, a.db, func(tx *sql.Tx) error {
		if again, err := seen(ctx, tx, message); err != nil || again {
			return err
		}
		date := time.Unix(user.Timestamp, 0).UTC().Format("2006-01-02")
		_, err := tx.ExecContext(ctx, "INSERT INTO "+table+" (date, count) VALUES (?, 1) ON DUPLICATE KEY UPDATE count = count + 1", date)
		return err
	})
}

// seen moves the partition's offset past the record, or says that it is past it already.
func seen(ctx context.Context, tx *sql.Tx, message *sarama.ConsumerMessage) (bool, error) {
	var next int64
	err := tx.QueryRowContext(ctx, "SELECT next_offset FROM analytics_offsets WHERE topic = ? AND partition_id = ? FOR UPDATE",
		message.Topic, message.Partition).Scan(&next)
	if err != nil && err != sql.ErrNoRows {
		return false, err
	}
	if err == nil && message.Offset < next {
		return true, nil
	}
	_, err = tx.ExecContext(ctx, "INSERT INTO analytics_offsets VALUES (?, ?, ?) ON DUPLICATE KEY UPDATE next_offset = VALUES(next_offset)",
		message.Topic, message.Partition, message.Offset+1)
	return false, err
}

func (a *analytics) print(ctx context.Context) error {
	for _, table := range []string{"daily_registrations", "daily_logins", "daily_purchases"} {
		rows, err := a.db.QueryContext(ctx, "SELECT date, count FROM "+table+" ORDER BY date")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var date string
			var count int64
			if err := rows.Scan(&date, &count); err != nil {
				return err
			}
			fmt.Printf("%s %s %d\n", table, date, count)
		}
		if err := rows.Err(); err != nil {
			return err
		}
	}
	return nil
}

func run(ctx context.Context) error {
	tables := []string{offsetsTable}
	for _, table := range tableOf {
		tables = append(tables, table+" (date DATE PRIMARY KEY, count BIGINT NOT NULL)")
	}
	db, err := database.Open(ctx, tables...)
	if err != nil {
		return err
	}
	defer db.Close()
	producer, err := kafka.NewProducer()
	if err != nil {
		return err
	}
	defer producer.Close()
	a := &analytics{db}
	// The database may be away for a while: the counts wait for it. What is no event becomes a dead letter at once.
	err = kafka.Consume(ctx, kafka.Setting("GROUP", "analytics"), []string{event.Users}, kafka.Retry(producer, 0, 200*time.Millisecond, a.handle))
	if err != nil {
		return err
	}
	return a.print(context.Background())
}

func main() {
	ctx, stop := kafka.UntilInterrupted()
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}
