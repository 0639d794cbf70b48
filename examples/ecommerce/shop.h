// One running service: its database, its outbox with the relay, and the consumer that calls its handlers.
#pragma once

#include <memory>

#include "relay.h"
#include "services.h"

namespace ecommerce {

struct ShopConfig {
  std::string brokers, database;
  std::string instance;     // empty: members of the groups are not static
  bool dual_write = false;  // as the guide's program: no outbox
  thalweg::client::Metrics metrics;
};

// Everything that the services of one process have in common.
class Running {
 public:
  // Adds the handlers of a service to its consumer.
  using Handlers = std::function<void(thalweg::client::Consumer&)>;

  static Result<std::unique_ptr<Running>> open(const std::string& service, const ShopConfig& config,
                                               Database::Schema schema, examples::Problems& problems);
  void start(std::stop_token stop, Handlers handlers);

  Outbox& outbox() { return *outbox_; }
  Database& database() { return *database_; }

 private:
  Running(std::string service, ShopConfig config, examples::Problems& problems);
  thalweg::client::ProducerConfig producer_config() const;
  Result<thalweg::client::Consumer> consumer(const Handlers& handlers) const;

  const std::string service_;
  const ShopConfig config_;
  examples::Problems& problems_;
  std::unique_ptr<Database> database_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Relay> relay_;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace ecommerce
