// Customers of the shop, made up: registrations, logins and orders at a steady rate.
#pragma once

#include <random>

#include "service/service.h"
#include "services.h"

namespace ecommerce {

class Traffic {
 public:
  // Either service may be missing; then nobody calls it.
  Traffic(UserService* users, OrderService* orders, Database& database, examples::Problems& problems);
  // `rate` actions a second until stopped; slower when the database is. What was refused while it is away is not done
  // later, as with real customers.
  void run(std::stop_token stop, long rate);

 private:
  Result<bool> act();  // false: there was nobody to do it
  // Somebody of those there are: a number up to the highest.
  Result<std::int64_t> somebody(const std::string& column, const std::string& table);
  std::vector<Item> basket();
  long random(long least, long most) { return std::uniform_int_distribution<long>(least, most)(random_); }

  UserService* const users_;
  OrderService* const orders_;
  Database& database_;
  examples::Problems& problems_;
  std::mt19937_64 random_{std::random_device{}()};
};

}  // namespace ecommerce
