#include "outbox.h"

#include "service/service.h"

namespace ecommerce {

Outbox::Outbox(std::string service, Database& database, DirectSend direct)
    : service_(std::move(service)), database_(database), direct_(std::move(direct)) {}

std::string Outbox::table(const std::string& service, const Dialect& dialect) {
  // sent_at is 0 until the broker has the event: the relay's question is answered from the index alone.
  return "CREATE TABLE IF NOT EXISTS " + service + "_outbox (id " + dialect.auto_id +
         ", topic VARCHAR(249) NOT NULL, event_key VARCHAR(249) NOT NULL, body TEXT NOT NULL, created_at BIGINT NOT "
         "NULL, sent_at BIGINT NOT NULL DEFAULT 0, UNIQUE (sent_at, id))" +
         dialect.table_options;
}

Result<> Outbox::write(Connection& connection, const std::vector<thalweg::client::Message>& messages) {
  const std::string insert =
      "INSERT INTO " + service_ + "_outbox (topic, event_key, body, created_at) VALUES (?, ?, ?, ?)";
  for (const auto& message : messages)
    if (auto ok = connection.run(insert, message.topic, *message.key, *message.value, examples::now_seconds()); !ok)
      return thalweg::client::status(ok);
  return {};
}

Result<> Outbox::transaction(const std::function<Result<>(Work&)>& body) {
  std::vector<thalweg::client::Message> messages;
  auto committed = database_.transaction([&](Connection& connection) -> Result<> {
    Work work(connection, database_.dialect());
    if (auto ok = body(work); !ok) return ok;
    messages = std::move(work.messages_);
    return direct_ ? Result<>() : write(connection, messages);
  });
  if (!committed) return committed;
  if (direct_) {
    for (auto& message : messages)
      if (auto ok = direct_(std::move(message)); !ok) return ok;
    return {};
  }
  const std::lock_guard lock(mutex_);
  something_ = true;
  more_.notify_all();
  return {};
}

void Outbox::wait(std::stop_token stop, std::chrono::milliseconds most) {
  std::unique_lock lock(mutex_);
  more_.wait_for(lock, stop, most, [this] { return something_; });
  something_ = false;
}

Result<std::int64_t> Outbox::unsent() {
  auto rows = database_.query("SELECT COUNT(*) FROM " + service_ + "_outbox WHERE sent_at = 0");
  if (!rows) return std::unexpected(rows.error());
  return rows->number();
}

}  // namespace ecommerce
