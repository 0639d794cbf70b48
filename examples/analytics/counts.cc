#include "counts.h"

#include <algorithm>
#include <ctime>
#include <map>

#include "service/service.h"
#include "thalweg/client/json.h"

namespace analytics {
namespace {

using namespace std::chrono_literals;
using thalweg::client::bad_bytes;
using thalweg::client::status;

// How long an event-id is remembered. A producer that sends an event again after that has it counted again.
constexpr std::int64_t kRememberSeconds = 7 * 24 * 3600;
constexpr auto kForgetEvery = 1min;
constexpr std::size_t kIdMost = 200;
constexpr std::size_t kReasonMost = 400;
// 9999-12-31: beyond it a day has no four digits of a year.
constexpr std::int64_t kTimeMost = 253402300799;

// What every user event has; its data does not matter here.
struct UserEvent {
  std::string event_type;
  std::int64_t timestamp = 0;  // seconds
};
THALWEG_DESCRIBE(UserEvent, event_type, timestamp)

std::string day_of(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  char text[16];
  std::strftime(text, sizeof text, "%Y-%m-%d", gmtime_r(&time, &parts));
  return text;
}

const char* table_of(Kind kind) {
  return kind == Kind::kRegistration ? "daily_registrations"
         : kind == Kind::kLogin      ? "daily_logins"
                                     : "daily_purchases";
}

// Text that any column takes: what a stranger sent may be no UTF-8.
std::string printable(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return out;
}

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= kIdMost && std::ranges::all_of(id, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace

Result<std::optional<Event>> event_of(const Record& record) {
  const auto event = record.as<UserEvent>();
  if (!event) return std::unexpected(event.error());
  if (event->timestamp < 0 || event->timestamp > kTimeMost)
    return bad_bytes("its timestamp is not in seconds since 1970: " + std::to_string(event->timestamp));
  if (const auto id = record.headers().last("event-id"); id && !is_id(*id))
    return bad_bytes("its event-id is not 1 to 200 printable characters");
  const auto counted = [&](Kind kind) { return std::optional(Event{kind, day_of(event->timestamp)}); };
  if (event->event_type == "user_registered") return counted(Kind::kRegistration);
  if (event->event_type == "user_login") return counted(Kind::kLogin);
  if (event->event_type == "user_purchase") return counted(Kind::kPurchase);
  return std::nullopt;
}

std::vector<std::string> Counts::schema(const examples::Dialect& dialect) {
  const auto table = [&](const std::string& name, const std::string& columns) {
    return "CREATE TABLE IF NOT EXISTS " + name + " (" + columns + ")" + dialect.table_options;
  };
  const std::string partition = "topic VARCHAR(249) NOT NULL, partition_id BIGINT NOT NULL, ";
  std::vector<std::string> tables;
  for (const auto kind : {Kind::kRegistration, Kind::kLogin, Kind::kPurchase})
    tables.push_back(table(table_of(kind), "date VARCHAR(10) PRIMARY KEY, count BIGINT NOT NULL"));
  tables.push_back(table("next_offsets", partition + "next_offset BIGINT NOT NULL, PRIMARY KEY (topic, partition_id)"));
  tables.push_back(table("counted_events", "event_id VARCHAR(200) PRIMARY KEY, counted_at BIGINT NOT NULL"));
  tables.push_back(table("uncounted", partition +
                                          "record_offset BIGINT NOT NULL, reason VARCHAR(400) NOT NULL, PRIMARY KEY "
                                          "(topic, partition_id, record_offset)"));
  return tables;
}

Result<> Counts::add(std::span<const Record> batch) {
  return database_.transaction([&](Connection& connection) { return add_in(connection, batch); });
}

Result<> Counts::add_in(Connection& connection, std::span<const Record> batch) {
  auto next = offsets_ == Offsets::kWithCounts ? locked_offset(connection, batch.front()) : Result<std::int64_t>(0);
  if (!next) return std::unexpected(next.error());
  std::map<std::pair<Kind, std::string>, std::int64_t> sums;
  for (const auto& record : batch) {
    // Another member may have counted it, while this one did not know yet that the partition is no longer its own.
    if (record.offset() < *next) continue;
    auto event = event_of(record);
    if (!event) {
      if (auto ok = set_aside(connection, record, event.error().message); !ok) return ok;
      continue;
    }
    if (!*event) continue;
    auto fresh = is_new(connection, record);
    if (!fresh) return status(fresh);
    if (*fresh) ++sums[{(*event)->kind, (*event)->day}];
  }
  for (const auto& [what, count] : sums) {
    auto ok = connection.run(std::string("INSERT INTO ") + table_of(what.first) + " (date, count) VALUES (?, ?)" +
                                 database_.dialect().on_duplicate + "count = count + ?",
                             what.second, count, count);
    if (!ok) return status(ok);
  }
  if (auto ok = forget_old(connection); !ok) return ok;
  if (offsets_ == Offsets::kInTheGroup) return {};
  const std::int64_t after = std::max(*next, batch.back().offset() + 1);
  return status(connection.run("UPDATE next_offsets SET next_offset = ? WHERE topic = ? AND partition_id = ?", after,
                               batch.front().topic(), std::int64_t{batch.front().partition()}));
}

// The row is locked until the commit: two members that both believe in their assignment take turns here.
Result<std::int64_t> Counts::locked_offset(Connection& connection, const Record& first) {
  const std::int64_t partition = first.partition();
  auto made = connection.run(
      database_.dialect().insert_ignore + " INTO next_offsets (topic, partition_id, next_offset) VALUES (?, ?, 0)",
      first.topic(), partition);
  if (!made) return std::unexpected(made.error());
  auto row = connection.run(
      "SELECT next_offset FROM next_offsets WHERE topic = ? AND partition_id = ?" + database_.dialect().for_update,
      first.topic(), partition);
  if (!row) return std::unexpected(row.error());
  return row->number();
}

Result<bool> Counts::is_new(Connection& connection, const Record& record) {
  const auto id = record.headers().last("event-id");
  if (offsets_ == Offsets::kInTheGroup || !id) return true;  // without an id every record is an event of its own
  auto row =
      connection.run(database_.dialect().insert_ignore + " INTO counted_events (event_id, counted_at) VALUES (?, ?)",
                     std::string(*id), examples::now_seconds());
  if (!row) return std::unexpected(row.error());
  return row->changed == 1;
}

Result<> Counts::set_aside(Connection& connection, const Record& record, const std::string& reason) {
  return status(connection.run(database_.dialect().insert_ignore +
                                   " INTO uncounted (topic, partition_id, record_offset, reason) VALUES (?, ?, ?, ?)",
                               record.topic(), std::int64_t{record.partition()}, record.offset(),
                               printable(reason, kReasonMost)));
}

Result<> Counts::forget_old(Connection& connection) {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_forget_) return {};
  next_forget_ = now + kForgetEvery;
  return status(
      connection.run("DELETE FROM counted_events WHERE counted_at < ?", examples::now_seconds() - kRememberSeconds));
}

Result<std::optional<std::int64_t>> Counts::next_offset(const TopicPartition& where) {
  auto row = database_.query("SELECT next_offset FROM next_offsets WHERE topic = ? AND partition_id = ?", where.topic,
                             std::int64_t{where.partition});
  if (!row) return std::unexpected(row.error());
  if (row->rows.empty()) return std::nullopt;
  return row->number();
}

}  // namespace analytics
