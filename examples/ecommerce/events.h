// The events of the shop, in the guide's shapes: topic, key "user-17", and a JSON object with event_type, timestamp (s)
// and data. Each travels with the header "event-id", which never changes: what is delivered twice can be told by it.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "thalweg/client/json.h"

namespace ecommerce {

inline constexpr auto kUserEvents = "user-events", kOrderEvents = "order-events", kPaymentEvents = "payment-events";

struct Person {
  std::string email, name;
};
struct UserRegistered {
  std::int64_t user_id = 0;
  std::string event_type = "user_registered";
  std::int64_t timestamp = 0;
  Person data;
};

struct LoginData {
  std::int64_t logins = 0;  // with this one
};
struct UserLogin {
  std::int64_t user_id = 0;
  std::string event_type = "user_login";
  std::int64_t timestamp = 0;
  LoginData data;
};

struct PurchaseData {
  std::int64_t order_id = 0;
  double total = 0;
};
struct UserPurchase {
  std::int64_t user_id = 0;
  std::string event_type = "user_purchase";
  std::int64_t timestamp = 0;
  PurchaseData data;
};

// Of any user event: what a reader needs who is interested in all of them.
struct UserEvent {
  std::int64_t user_id = 0;
  std::string event_type;
};

struct Item {
  std::string product;
  std::int32_t quantity = 1;
  double price = 0;
};
struct Items {
  std::vector<Item> items;
};
struct OrderData {
  std::vector<Item> items;
  double total = 0;
  std::string status;  // created, paid, cancelled
};
struct OrderEvent {
  std::int64_t order_id = 0, user_id = 0;
  std::string event_type;  // order_created, order_paid, order_cancelled
  std::int64_t timestamp = 0;
  OrderData data;
};

struct PaymentData {
  double amount = 0;
  std::string method;
  std::string status;  // captured, declined
};
struct PaymentEvent {
  std::int64_t payment_id = 0, order_id = 0;
  std::string event_type = "payment_processed";
  std::int64_t timestamp = 0;
  PaymentData data;
};

// Databases keep money in whole cents; the guide's events have it as a number.
inline std::int64_t cents_of(double amount) { return std::llround(std::clamp(amount, -1e12, 1e12) * 100); }
inline double amount_of(std::int64_t cents) { return static_cast<double>(cents) / 100; }

THALWEG_DESCRIBE(Person, email, name)
THALWEG_DESCRIBE(UserRegistered, user_id, event_type, timestamp, data)
THALWEG_DESCRIBE(LoginData, logins)
THALWEG_DESCRIBE(UserLogin, user_id, event_type, timestamp, data)
THALWEG_DESCRIBE(PurchaseData, order_id, total)
THALWEG_DESCRIBE(UserPurchase, user_id, event_type, timestamp, data)
THALWEG_DESCRIBE(UserEvent, user_id, event_type)
THALWEG_DESCRIBE(Item, product, quantity, price)
THALWEG_DESCRIBE(Items, items)
THALWEG_DESCRIBE(OrderData, items, total, status)
THALWEG_DESCRIBE(OrderEvent, order_id, user_id, event_type, timestamp, data)
THALWEG_DESCRIBE(PaymentData, amount, method, status)
THALWEG_DESCRIBE(PaymentEvent, payment_id, order_id, event_type, timestamp, data)

}  // namespace ecommerce
