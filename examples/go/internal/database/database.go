// Package database opens MariaDB or MySQL, and makes one thing of several changes.
package database

import (
	"context"
	"database/sql"
	"fmt"

	_ "github.com/go-sql-driver/mysql"

	"kafka-example/internal/kafka"
)

// Open connects to what DATABASE names and makes the tables that are missing.
func Open(ctx context.Context, tables ...string) (*sql.DB, error) {
	source := kafka.Setting("DATABASE", "root@tcp(localhost:3306)/kafka_example")
	db, err := sql.Open("mysql", source)
	if err != nil {
		return nil, fmt.Errorf("DATABASE: %w (as in user:password@tcp(localhost:3306)/kafka_example)", err)
	}
	for _, table := range tables {
		if _, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+table); err != nil {
			db.Close()
			return nil, fmt.Errorf("database: %w (is MariaDB or MySQL running, and was CREATE DATABASE done? DATABASE names another)", err)
		}
	}
	return db, nil
}

// InTransaction does all that `body` does, or nothing of it.
func InTransaction(ctx context.Context, db *sql.DB, body func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after a commit
	if err := body(tx); err != nil {
		return err
	}
	return tx.Commit()
}
