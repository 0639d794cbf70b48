// The database behind a service: SQLite in a file, or MariaDB over the network. Statements are plain SQL with `?` for
// values; where the two dialects differ, Dialect has the words.
//
// A Database is one connection, opened when it is first needed and again when it was lost. Thread-safe: transactions
// wait for each other. Every error says what to do; `retriable` is false only for what another try cannot mend, as a
// value that breaks a rule of its table.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "thalweg/client/result.h"

namespace examples {

using thalweg::client::Error;
using thalweg::client::Result;

using Value = std::variant<std::monostate, std::int64_t, std::string>;  // NULL, a number, a text

struct Rows {
  std::vector<std::vector<Value>> rows;
  std::int64_t changed = 0;  // rows that the statement inserted, updated or deleted
  std::int64_t last_id = 0;  // the id that its INSERT was given

  // A number of the first row; 0 where it has none, as max() of nothing.
  std::int64_t number(std::size_t column = 0) const;
};

class Connection {
 public:
  virtual ~Connection() = default;
  virtual Result<Rows> execute(const std::string& sql, std::span<const Value> values) = 0;
  virtual Result<> begin() = 0;  // takes the lock that a writer needs
  virtual Result<> commit() = 0;
  virtual void rollback() = 0;                     // also without a transaction; it cannot fail
  virtual bool lost() const = 0;                   // it is of no more use
  virtual bool lock(const std::string& name) = 0;  // see Database::lock

  template <class... V>
  Result<Rows> run(const std::string& sql, const V&... values) {
    const std::vector<Value> list{Value(values)...};
    return execute(sql, list);
  }
};

struct Dialect {
  std::string auto_id;        // type of a primary key that counts up and gives no id twice, also after a DELETE
  std::string insert_ignore;  // "INSERT ...": nothing happens when the key is there
  std::string on_duplicate;   // after an INSERT, followed by "count = count + ?": what to do when the key is there
  std::string for_update;     // after a SELECT whose rows must not change before the commit
  std::string table_options;  // after the ) of a CREATE TABLE
};

class Driver {
 public:
  virtual ~Driver() = default;
  virtual Result<std::unique_ptr<Connection>> connect() = 0;
  virtual const Dialect& dialect() const = 0;
  virtual std::string name() const = 0;  // for messages; without a password
};

class Database {
 public:
  // `url` is a file's name, or mysql://user:password@host:port/database (?socket=PATH instead of a host). Says mistakes
  // of the URL; a database that is away is not one. `schema` is made after each connect, so it must bear repetition.
  using Schema = std::function<std::vector<std::string>(const Dialect&)>;
  static Result<std::unique_ptr<Database>> open(const std::string& url, Schema schema);

  // Begins, runs body(Connection&) -> Result<>, commits; what fails or throws is rolled back. An error of the commit
  // itself may mean that it has happened: whoever tries again must bear that.
  Result<> transaction(const std::function<Result<>(Connection&)>& body);

  // One statement of its own, as a SELECT: it waits for nobody's lock.
  template <class... V>
  Result<Rows> query(const std::string& sql, const V&... values) {
    const std::lock_guard lock(mutex_);
    if (auto ok = connected(); !ok) return std::unexpected(ok.error());
    return connection_->run(sql, values...);
  }

  // One holder at a time among all processes, until this connection or process ends; false: somebody else has it.
  // Asked again, it says whether it is still so.
  bool lock(const std::string& name);

  const Dialect& dialect() const { return driver_->dialect(); }
  std::string name() const { return driver_->name(); }

 private:
  Database(std::unique_ptr<Driver> driver, Schema schema) : driver_(std::move(driver)), schema_(std::move(schema)) {}
  Result<> connected();

  const std::unique_ptr<Driver> driver_;
  const Schema schema_;
  std::mutex mutex_;
  std::unique_ptr<Connection> connection_;
};

Result<std::unique_ptr<Driver>> sqlite_driver(const std::string& file);
Result<std::unique_ptr<Driver>> mariadb_driver(const std::string& url);

}  // namespace examples
