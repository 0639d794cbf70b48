#include "service/service.h"
#include "services.h"

namespace ecommerce {
namespace {

std::string key_of(std::int64_t user_id) { return "user-" + std::to_string(user_id); }

}  // namespace

std::vector<std::string> UserService::schema(const Dialect& dialect) {
  return {"CREATE TABLE IF NOT EXISTS users (id " + dialect.auto_id +
              ", email VARCHAR(200) NOT NULL, name VARCHAR(200) NOT NULL, logins BIGINT NOT NULL DEFAULT 0)" +
              dialect.table_options,
          "CREATE TABLE IF NOT EXISTS purchases (order_id BIGINT PRIMARY KEY, user_id BIGINT NOT NULL, cents BIGINT "
          "NOT NULL)" +
              dialect.table_options,
          Outbox::table("users", dialect)};
}

Result<std::int64_t> UserService::register_user(const Person& person) {
  std::int64_t id = 0;
  auto done = outbox_.transaction([&](Work& work) -> Result<> {
    auto row = work.run("INSERT INTO users (email, name) VALUES (?, ?)", person.email, person.name);
    if (!row) return thalweg::client::status(row);
    id = row->last_id;
    return work.publish(kUserEvents, key_of(id),
                        UserRegistered{.user_id = id, .timestamp = examples::now_seconds(), .data = person});
  });
  if (!done) return std::unexpected(done.error());
  return id;
}

Result<> UserService::login(std::int64_t user_id) {
  return outbox_.transaction([&](Work& work) -> Result<> {
    auto row = work.run("UPDATE users SET logins = logins + 1 WHERE id = ?", user_id);
    if (!row) return thalweg::client::status(row);
    if (row->changed == 0) return refuse("there is no user " + std::to_string(user_id));
    auto logins = work.run("SELECT logins FROM users WHERE id = ?", user_id);
    if (!logins) return thalweg::client::status(logins);
    return work.publish(
        kUserEvents, key_of(user_id),
        UserLogin{.user_id = user_id, .timestamp = examples::now_seconds(), .data = {logins->number()}});
  });
}

Result<> UserService::on_order_event(const OrderEvent& event) {
  if (event.event_type != "order_paid") return {};
  return outbox_.transaction([&](Work& work) -> Result<> {
    auto row = work.run(work.dialect().insert_ignore + " INTO purchases (order_id, user_id, cents) VALUES (?, ?, ?)",
                        event.order_id, event.user_id, cents_of(event.data.total));
    if (!row) return thalweg::client::status(row);
    if (row->changed == 0) return {};  // seen before
    return work.publish(kUserEvents, key_of(event.user_id),
                        UserPurchase{.user_id = event.user_id,
                                     .timestamp = examples::now_seconds(),
                                     .data = {event.order_id, event.data.total}});
  });
}

}  // namespace ecommerce
