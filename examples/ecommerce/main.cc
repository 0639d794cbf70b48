// The shop of the guide's chapter "E-commerce Event Streaming". Which service does what: services.h. How rows and
// events stay together: outbox.h and relay.h.
#include <cstdio>

#include "service/status.h"
#include "shop.h"
#include "traffic.h"

namespace ecommerce {
namespace {

using examples::Figures;
using examples::Options;
using examples::Status;

const char* const kAbout =
    "ecommerce: the user, order and payment services of a shop, each with its own tables. What they write and the\n"
    "events that tell of it are one transaction of the database: neither is ever there without the other.";
const char* const kExamples =
    "  ecommerce --brokers localhost:9092 --database shop.db --rate 50 --http 9401\n"
    "  ecommerce --service payments --database mysql://shop:secret@localhost/payments\n"
    "  ecommerce --database shop.db --rate 50 --output json | jq .orders_per_second\n";

Options options() {
  std::vector<examples::Option> list{
      {"--brokers", "HOST:PORT,...", "brokers to connect to first", "localhost:9092"},
      {"--database", "FILE|URL", "a file, or mysql://user:password@host:port/database", "shop.db"},
      {"--service", "NAME,...", "which of them run here", "users,orders,payments"},
      {"--rate", "N", "made-up customers: so many actions a second", "0"},
      {"--instance", "NAME", "static members: a restart takes its partitions back at once"},
      {"--dual-write", "", "row first, event afterwards, as the guide does: loses events in a crash"},
  };
  for (auto& option : Status::options()) list.push_back(option);
  return {kAbout, kExamples, std::move(list)};
}

// A service that is left out here is null.
struct Shop {
  std::unique_ptr<Running> users_running, orders_running, payments_running;
  std::optional<UserService> users;
  std::optional<OrderService> orders;
  std::optional<PaymentService> payments;

  Result<> open(const std::vector<std::string>& names, const ShopConfig& config, examples::Problems& problems) {
    const auto one = [&](const char* name, auto schema, std::unique_ptr<Running>& running, auto& service) -> Result<> {
      if (std::ranges::find(names, name) == names.end()) return {};
      auto opened = Running::open(name, config, schema, problems);
      if (!opened) return std::unexpected(opened.error());
      running = *std::move(opened);
      service.emplace(running->outbox());
      return {};
    };
    if (auto ok = one("users", UserService::schema, users_running, users); !ok) return ok;
    if (auto ok = one("orders", OrderService::schema, orders_running, orders); !ok) return ok;
    return one("payments", PaymentService::schema, payments_running, payments);
  }

  void start(std::stop_token stop) {
    if (users)
      users_running->start(stop, [this](auto& consumer) {
        consumer.on(kOrderEvents, [this](const OrderEvent& event) { return users->on_order_event(event); });
      });
    if (orders)
      orders_running->start(stop, [this](auto& consumer) {
        consumer.on(kUserEvents, [this](const UserEvent& event) { return orders->on_user_event(event); });
        consumer.on(kPaymentEvents, [this](const PaymentEvent& event) { return orders->on_payment_event(event); });
      });
    if (payments)
      payments_running->start(stop, [this](auto& consumer) {
        consumer.on(kOrderEvents, [this](const OrderEvent& event) { return payments->on_order_event(event); });
      });
  }

  Result<Figures> look() {
    Figures figures;
    std::int64_t unsent = 0;
    const auto ask = [&](Running& running, const std::string& sql, std::vector<std::string> names) -> Result<> {
      auto row = running.database().query(sql);
      if (!row) return thalweg::client::status(row);
      for (std::size_t i = 0; i < names.size(); ++i) figures.push_back({names[i], row->number(i)});
      auto waiting = running.outbox().unsent();
      if (!waiting) return thalweg::client::status(waiting);
      unsent += *waiting;
      return {};
    };
    Result<> ok;
    if (users)
      ok = ask(*users_running, "SELECT COUNT(*), SUM(logins), (SELECT COUNT(*) FROM purchases) FROM users",
               {"users", "logins", "purchases"});
    if (ok && orders)
      ok = ask(*orders_running, "SELECT COUNT(*), SUM(status = 'paid'), SUM(status = 'cancelled') FROM orders",
               {"orders", "paid", "cancelled"});
    if (ok && payments) ok = ask(*payments_running, "SELECT COUNT(*) FROM payments", {"payments"});
    if (!ok) return std::unexpected(ok.error());
    figures.push_back({"outbox", unsent, false});
    return figures;
  }
};

std::vector<std::string> services(const Options& options) {
  std::vector<std::string> names;
  std::string rest = options.text("--service") + ",";
  for (auto comma = rest.find(','); comma != std::string::npos; comma = rest.find(',')) {
    names.push_back(rest.substr(0, comma));
    rest.erase(0, comma + 1);
    if (names.back() != "users" && names.back() != "orders" && names.back() != "payments")
      options.mistake("--service is users, orders or payments, or several with commas, not '" + names.back() + "'");
  }
  return names;
}

int run(const Options& options) {
  const long rate = options.number("--rate", 0, 100'000);
  examples::StopOnSignal signals;
  examples::Problems problems;
  const ShopConfig config{.brokers = options.text("--brokers"),
                          .database = options.text("--database"),
                          .instance = options.text("--instance"),
                          .dual_write = options.is_set("--dual-write"),
                          .metrics = {}};
  Shop shop;
  if (auto ok = shop.open(services(options), config, problems); !ok) options.mistake(ok.error().message);
  if (rate > 0 && !shop.users && !shop.orders) options.mistake("--rate needs the users or the orders service here");
  Status status("ecommerce", [&] { return shop.look(); }, problems);
  if (options.is_set("--http")) {
    auto ok = status.serve(options.text("--http"), config.metrics,
                           {.brokers = config.brokers, .topics = {kUserEvents, kOrderEvents, kPaymentEvents}});
    if (!ok) options.mistake(ok.error().message);
  }
  shop.start(signals.token());
  std::jthread customers;
  if (rate > 0)
    customers = std::jthread([&] {
      Database& database = shop.users ? shop.users_running->database() : shop.orders_running->database();
      Traffic(shop.users ? &*shop.users : nullptr, shop.orders ? &*shop.orders : nullptr, database, problems)
          .run(signals.token(), rate);
    });
  status.run(signals.token(), options.text("--output"));
  return 0;
}

}  // namespace
}  // namespace ecommerce

int main(int argc, char** argv) {
  auto options = ecommerce::options();
  options.parse(argc, argv);
  return ecommerce::run(options);
}
