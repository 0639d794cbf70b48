// The transactional outbox of one service: a row and the event that tells of it are written in one database
// transaction, so neither is there without the other. A relay (relay.h) publishes what waits here.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>

#include "database/database.h"
#include "thalweg/client/producer.h"

namespace ecommerce {

using examples::Connection;
using examples::Database;
using examples::Dialect;
using thalweg::client::fail;
using thalweg::client::Result;

// One transaction that is being written: rows by run(), events by publish().
class Work {
 public:
  template <class... V>
  auto run(const std::string& sql, const V&... values) {
    return connection_.run(sql, values...);
  }
  // The event leaves after the commit, in the order of its key.
  template <class Event>
  Result<> publish(const std::string& topic, const std::string& key, const Event& event) {
    auto message = thalweg::client::message(topic, key, event);
    if (!message) return std::unexpected(message.error());
    messages_.push_back(*std::move(message));
    return {};
  }
  const Dialect& dialect() const { return dialect_; }

 private:
  friend class Outbox;
  Work(Connection& connection, const Dialect& dialect) : connection_(connection), dialect_(dialect) {}
  Connection& connection_;
  const Dialect& dialect_;
  std::vector<thalweg::client::Message> messages_;
};

class Outbox {
 public:
  // How the guide's program does it: the row first, then the event. What dies in between has a row without an event.
  // It is here to be compared with.
  using DirectSend = std::function<Result<>(thalweg::client::Message)>;

  Outbox(std::string service, Database& database, DirectSend direct = {});

  // The table, as a part of the service's schema.
  static std::string table(const std::string& service, const Dialect& dialect);

  // Rows and events of body(Work&) -> Result<>, all or nothing.
  Result<> transaction(const std::function<Result<>(Work&)>& body);

  // Returns when there may be something new, after `most` at the latest, or when asked to stop.
  void wait(std::stop_token stop, std::chrono::milliseconds most);
  // How many events wait to be published.
  Result<std::int64_t> unsent();

  const std::string& service() const { return service_; }
  Database& database() { return database_; }

 private:
  Result<> write(Connection& connection, const std::vector<thalweg::client::Message>& messages);

  const std::string service_;
  Database& database_;
  const DirectSend direct_;
  std::mutex mutex_;
  std::condition_variable_any more_;
  bool something_ = false;
};

}  // namespace ecommerce
