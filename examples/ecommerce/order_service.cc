#include "service/service.h"
#include "services.h"

namespace ecommerce {
namespace {

std::string key_of(std::int64_t order_id) { return "order-" + std::to_string(order_id); }

}  // namespace

std::vector<std::string> OrderService::schema(const Dialect& dialect) {
  return {"CREATE TABLE IF NOT EXISTS customers (user_id BIGINT PRIMARY KEY)" + dialect.table_options,
          "CREATE TABLE IF NOT EXISTS orders (id " + dialect.auto_id +
              ", user_id BIGINT NOT NULL, items TEXT NOT NULL, cents BIGINT NOT NULL, status VARCHAR(20) NOT NULL)" +
              dialect.table_options,
          Outbox::table("orders", dialect)};
}

Result<std::int64_t> OrderService::create_order(std::int64_t user_id, const std::vector<Item>& items) {
  std::int64_t id = 0;
  double total = 0;
  for (const auto& item : items) total += item.quantity * item.price;
  std::string text;
  if (auto ok = thalweg::client::serde_of<Items>().write({items}, text, {}); !ok) return std::unexpected(ok.error());
  auto done = outbox_.transaction([&](Work& work) -> Result<> {
    auto known = work.run("SELECT COUNT(*) FROM customers WHERE user_id = ?", user_id);
    if (!known) return thalweg::client::status(known);
    if (known->number() == 0) return refuse("no user " + std::to_string(user_id) + " has registered yet");
    auto row = work.run("INSERT INTO orders (user_id, items, cents, status) VALUES (?, ?, ?, 'created')", user_id, text,
                        cents_of(total));
    if (!row) return thalweg::client::status(row);
    id = row->last_id;
    return work.publish(kOrderEvents, key_of(id),
                        OrderEvent{.order_id = id,
                                   .user_id = user_id,
                                   .event_type = "order_created",
                                   .timestamp = examples::now_seconds(),
                                   .data = {items, total, "created"}});
  });
  if (!done) return std::unexpected(done.error());
  return id;
}

// A copy of what this service needs to know about users: it answers when the user service does not.
Result<> OrderService::on_user_event(const UserEvent& event) {
  if (event.event_type != "user_registered") return {};
  return outbox_.transaction([&](Work& work) {
    return thalweg::client::status(
        work.run(work.dialect().insert_ignore + " INTO customers (user_id) VALUES (?)", event.user_id));
  });
}

Result<> OrderService::on_payment_event(const PaymentEvent& event) {
  const std::string status = event.data.status == "captured" ? "paid" : "cancelled";
  return outbox_.transaction([&](Work& work) -> Result<> {
    auto row = work.run("UPDATE orders SET status = ? WHERE id = ? AND status = 'created'", status, event.order_id);
    if (!row) return thalweg::client::status(row);
    auto order = work.run("SELECT user_id, items, cents FROM orders WHERE id = ?", event.order_id);
    if (!order) return thalweg::client::status(order);
    if (order->rows.empty()) return refuse("a payment for order " + std::to_string(event.order_id) + ", unknown here");
    if (row->changed == 0) return {};  // decided before
    auto items = thalweg::client::serde_of<Items>().read(std::get<std::string>(order->rows[0][1]), {});
    if (!items) return std::unexpected(items.error());
    return work.publish(kOrderEvents, key_of(event.order_id),
                        OrderEvent{.order_id = event.order_id,
                                   .user_id = order->number(),
                                   .event_type = "order_" + status,
                                   .timestamp = examples::now_seconds(),
                                   .data = {items->items, amount_of(order->number(2)), status}});
  });
}

}  // namespace ecommerce
