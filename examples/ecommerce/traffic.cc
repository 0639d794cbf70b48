#include "traffic.h"

namespace ecommerce {
namespace {

Result<bool> acted(const Result<>& result) {
  if (!result) return std::unexpected(result.error());
  return true;
}

}  // namespace

using namespace std::chrono_literals;

Traffic::Traffic(UserService* users, OrderService* orders, Database& database, examples::Problems& problems)
    : users_(users), orders_(orders), database_(database), problems_(problems) {}

void Traffic::run(std::stop_token stop, long rate) {
  using Clock = std::chrono::steady_clock;
  const auto between = std::chrono::nanoseconds(1s) / rate;
  examples::Pause pause;
  auto next = Clock::now();
  while (!stop.stop_requested()) {
    const auto done = act();
    if (!done && done.error().retriable) {  // the database is away
      problems_.set("traffic", done.error().message);
      pause.wait(stop);
    } else if (done && *done) {
      problems_.clear("traffic");
      pause.succeeded();
    }
    next += between;
    const auto now = Clock::now();
    if (next < now - 1s) next = now;  // what was missed for long is not made up for
    if (next > now && !examples::wait(stop, std::chrono::ceil<std::chrono::milliseconds>(next - now))) return;
  }
}

// Of ten actions two are registrations, four logins, four orders.
Result<bool> Traffic::act() {
  const long choice = random(0, 9);
  if (users_ && choice < 2) {
    const std::string name = "customer" + std::to_string(random(1, 1'000'000));
    return acted(thalweg::client::status(users_->register_user({name + "@example.com", name})));
  }
  const bool logs_in = users_ && (choice < 6 || !orders_);
  const auto id = logs_in ? somebody("id", "users") : orders_ ? somebody("user_id", "customers") : 0;
  if (!id) return std::unexpected(id.error());
  if (*id == 0) return false;
  return acted(logs_in ? users_->login(*id) : thalweg::client::status(orders_->create_order(*id, basket())));
}

Result<std::int64_t> Traffic::somebody(const std::string& column, const std::string& table) {
  const auto highest = database_.query("SELECT MAX(" + column + ") FROM " + table);
  if (!highest) return std::unexpected(highest.error());
  return highest->number() == 0 ? 0 : random(1, highest->number());
}

std::vector<Item> Traffic::basket() {
  static const std::vector<Item> products{
      {"tea", 1, 4.50}, {"coffee", 1, 7.20}, {"cup", 1, 3.99}, {"kettle", 1, 39.00}};
  std::vector<Item> items;
  for (long i = random(1, 3); i > 0; --i) {
    items.push_back(products[static_cast<std::size_t>(random(0, 3))]);
    items.back().quantity = static_cast<std::int32_t>(random(1, 4));
  }
  return items;
}

}  // namespace ecommerce
