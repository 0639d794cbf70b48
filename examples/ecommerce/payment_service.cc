#include "service/service.h"
#include "services.h"

namespace ecommerce {
namespace {

// What stands for the bank: small change is refused, so that some orders are cancelled.
std::string asked_bank(double amount) { return cents_of(amount) % 10 == 9 ? "declined" : "captured"; }

}  // namespace

std::vector<std::string> PaymentService::schema(const Dialect& dialect) {
  return {"CREATE TABLE IF NOT EXISTS payments (id " + dialect.auto_id +
              ", order_id BIGINT NOT NULL UNIQUE, cents BIGINT NOT NULL, method VARCHAR(20) NOT NULL, status "
              "VARCHAR(20) NOT NULL)" +
              dialect.table_options,
          Outbox::table("payments", dialect)};
}

// One payment an order, whatever comes how often: the UNIQUE above says so. A real bank is asked with the order's id
// as its key of idempotence, for the same reason.
Result<> PaymentService::on_order_event(const OrderEvent& event) {
  if (event.event_type != "order_created") return {};
  const PaymentData data{event.data.total, event.order_id % 3 == 0 ? "upi" : "card", asked_bank(event.data.total)};
  return outbox_.transaction([&](Work& work) -> Result<> {
    auto row =
        work.run(work.dialect().insert_ignore + " INTO payments (order_id, cents, method, status) VALUES (?, ?, ?, ?)",
                 event.order_id, cents_of(data.amount), data.method, data.status);
    if (!row) return thalweg::client::status(row);
    if (row->changed == 0) return {};  // seen before
    return work.publish(kPaymentEvents, "payment-" + std::to_string(row->last_id),
                        PaymentEvent{.payment_id = row->last_id,
                                     .order_id = event.order_id,
                                     .timestamp = examples::now_seconds(),
                                     .data = data});
  });
}

}  // namespace ecommerce
