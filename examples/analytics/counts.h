// Registrations, logins and purchases per day, in the database, together with what has been counted.
//
// A batch of records is one transaction: the counts, and the offset of the next record of its partition. Whatever dies,
// and whenever, both are there or neither is, so the next start goes on with the first record that is not in the
// counts. An event-id that was counted before is not counted again: producers may send an event twice
// (examples/ecommerce).
#pragma once

#include <optional>
#include <span>

#include "database/database.h"
#include "thalweg/client/consumer.h"

namespace analytics {

using examples::Connection;
using examples::Database;
using thalweg::client::Record;
using thalweg::client::Result;
using thalweg::client::TopicPartition;

// What a record adds to.
enum class Kind { kRegistration, kLogin, kPurchase };

// The record is counted; or it is of another kind (nothing); or an error says why it cannot be read.
struct Event {
  Kind kind;
  std::string day;  // "2026-01-31", UTC
};
Result<std::optional<Event>> event_of(const Record& record);

enum class Offsets { kWithCounts, kInTheGroup };

class Counts {
 public:
  // kInTheGroup: as the guide's program does it, to be compared with: every delivery counts, and offsets go to the
  // group some time later. After a crash it has counted some records twice.
  Counts(Database& database, Offsets offsets) : database_(database), offsets_(offsets) {}
  static std::vector<std::string> schema(const examples::Dialect& dialect);

  // Counts records of one partition, in their order.
  Result<> add(std::span<const Record> batch);
  // Where to begin; nothing: nothing of it has been counted yet.
  Result<std::optional<std::int64_t>> next_offset(const TopicPartition& where);

 private:
  Result<> add_in(Connection& connection, std::span<const Record> batch);
  Result<std::int64_t> locked_offset(Connection& connection, const Record& first);
  Result<bool> is_new(Connection& connection, const Record& record);
  Result<> set_aside(Connection& connection, const Record& record, const std::string& reason);
  Result<> forget_old(Connection& connection);

  Database& database_;
  const Offsets offsets_;
  std::chrono::steady_clock::time_point next_forget_{};
};

}  // namespace analytics
