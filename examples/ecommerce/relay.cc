#include "relay.h"

#include <set>

namespace ecommerce {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kBatch = 500;           // events that are looked at together
constexpr std::int64_t kKeepSent = 24 * 3600;  // seconds that sent events stay, to be looked at
constexpr auto kForgetEvery = 1min;
// Other instances of the service write to this outbox too, and cannot wake us.
constexpr auto kLookEvery = 200ms;

std::string text_of(const examples::Value& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text ? *text : std::string();
}
std::int64_t number_of(const examples::Value& value) {
  const auto* number = std::get_if<std::int64_t>(&value);
  return number ? *number : 0;
}

}  // namespace

Relay::Relay(Outbox& outbox, thalweg::client::Producer producer, examples::Problems& problems)
    : outbox_(outbox),
      database_(outbox.database()),
      producer_(std::move(producer)),
      problems_(problems),
      table_(outbox.service() + "_outbox"),
      part_(outbox.service() + " relay") {}

void Relay::run(std::stop_token stop) {
  examples::Pause pause;
  while (!stop.stop_requested()) {
    if (!database_.lock(table_)) {  // another instance has it, or the database is away
      examples::wait(stop, kLookEvery);
      continue;
    }
    const auto worked = step();
    if (!problems_.note(part_, thalweg::client::status(worked))) {
      pause.wait(stop);
      continue;
    }
    pause.succeeded();
    if (!*worked) outbox_.wait(stop, kLookEvery);
  }
}

Result<bool> Relay::step() {
  // First, so that a database that takes no marks does not make us publish the same events again and again.
  if (auto ok = mark(); !ok) return std::unexpected(ok.error());
  auto batch = first_of_each_key();
  if (!batch) return std::unexpected(batch.error());
  const bool something = !batch->empty();
  auto published = publish(*std::move(batch));
  if (auto ok = mark(); !ok) return std::unexpected(ok.error());
  if (!published) return std::unexpected(published.error());
  if (auto ok = forget_old(); !ok) return std::unexpected(ok.error());
  return something;
}

Result<std::vector<Relay::Waiting>> Relay::first_of_each_key() {
  std::vector<Waiting> batch;
  std::set<std::pair<std::string, std::string>> keys;
  auto found = database_.query(
      "SELECT id, topic, event_key, body, created_at FROM " + table_ + " WHERE sent_at = 0 ORDER BY id LIMIT ?",
      kBatch);
  if (!found) return std::unexpected(found.error());
  for (auto& row : found->rows) {
    std::string topic = text_of(row[1]), key = text_of(row[2]);
    if (!keys.emplace(topic, key).second) continue;
    const std::int64_t id = number_of(row[0]);
    batch.push_back({.id = id,
                     .message = {.topic = std::move(topic),
                                 .key = std::move(key),
                                 .value = text_of(row[3]),
                                 .headers = {{"event-id", outbox_.service() + "-" + std::to_string(id)}},
                                 .timestamp = thalweg::client::Timestamp(std::chrono::seconds(number_of(row[4])))}});
  }
  return batch;
}

Result<> Relay::publish(std::vector<Waiting> batch) {
  if (batch.empty()) return {};
  std::vector<thalweg::client::Message> messages;
  for (auto& waiting : batch) messages.push_back(std::move(waiting.message));
  const auto sent = producer_.send_all(messages);
  Result<> result;
  for (std::size_t i = 0; i < sent.size(); ++i) {
    if (sent[i])
      to_mark_.push_back(batch[i].id);
    else if (result)
      result = std::unexpected(sent[i].error());
  }
  if (!result) result.error().message += "; events wait in the outbox and are sent when the broker is there again";
  return result;
}

Result<> Relay::mark() {
  if (to_mark_.empty()) return {};
  auto marked = database_.transaction([&](Connection& connection) -> Result<> {
    for (const auto id : to_mark_)
      if (auto ok = connection.run("UPDATE " + table_ + " SET sent_at = ? WHERE id = ?", examples::now_seconds(), id);
          !ok)
        return thalweg::client::status(ok);
    return {};
  });
  if (marked) to_mark_.clear();
  return marked;
}

Result<> Relay::forget_old() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_forget_) return {};
  next_forget_ = now + kForgetEvery;
  return database_.transaction([&](Connection& connection) {
    return thalweg::client::status(connection.run("DELETE FROM " + table_ + " WHERE sent_at > 0 AND sent_at < ?",
                                                  examples::now_seconds() - kKeepSent));
  });
}

}  // namespace ecommerce
