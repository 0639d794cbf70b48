// The three services. Each has its own tables and its own outbox, and knows of the others what their events say.
//
//   users     register_user, login        user_registered, user_login     on order_paid: user_purchase
//   orders    create_order                order_created                   on payment_processed: order_paid or
//   _cancelled payments                                                              on order_created:
//   payment_processed
//
// Handlers are idempotent by what they write: an event that comes again finds its row, and changes nothing.
#pragma once

#include "events.h"
#include "outbox.h"

namespace ecommerce {

class UserService {
 public:
  explicit UserService(Outbox& outbox) : outbox_(outbox) {}
  static std::vector<std::string> schema(const Dialect& dialect);

  Result<std::int64_t> register_user(const Person& person);
  Result<> login(std::int64_t user_id);
  Result<> on_order_event(const OrderEvent& event);

 private:
  Outbox& outbox_;
};

class OrderService {
 public:
  explicit OrderService(Outbox& outbox) : outbox_(outbox) {}
  static std::vector<std::string> schema(const Dialect& dialect);

  // For users that this service has heard of.
  Result<std::int64_t> create_order(std::int64_t user_id, const std::vector<Item>& items);
  Result<> on_user_event(const UserEvent& event);
  Result<> on_payment_event(const PaymentEvent& event);

 private:
  Outbox& outbox_;
};

class PaymentService {
 public:
  explicit PaymentService(Outbox& outbox) : outbox_(outbox) {}
  static std::vector<std::string> schema(const Dialect& dialect);

  Result<> on_order_event(const OrderEvent& event);

 private:
  Outbox& outbox_;
};

// What cannot be handled however often it is tried goes to the dead letters.
inline std::unexpected<examples::Error> refuse(std::string why) {
  return std::unexpected(examples::Error{.message = std::move(why), .retriable = false});
}

}  // namespace ecommerce
