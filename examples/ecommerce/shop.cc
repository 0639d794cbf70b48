#include "shop.h"

namespace ecommerce {

using namespace std::chrono_literals;

Running::Running(std::string service, ShopConfig config, examples::Problems& problems)
    : service_(std::move(service)), config_(std::move(config)), problems_(problems) {}

Result<std::unique_ptr<Running>> Running::open(const std::string& service, const ShopConfig& config,
                                               Database::Schema schema, examples::Problems& problems) {
  std::unique_ptr<Running> running(new Running(service, config, problems));
  auto database = Database::open(config.database, std::move(schema));
  if (!database) return std::unexpected(database.error());
  auto producer = thalweg::client::Producer::open(running->producer_config());
  if (!producer) return std::unexpected(producer.error());
  running->database_ = *std::move(database);
  if (config.dual_write) {
    auto direct = std::make_shared<thalweg::client::Producer>(*std::move(producer));
    running->outbox_ = std::make_unique<Outbox>(service, *running->database_, [direct](auto message) {
      return thalweg::client::status(direct->send(std::move(message)));
    });
  } else {
    running->outbox_ = std::make_unique<Outbox>(service, *running->database_);
    running->relay_ = std::make_unique<Relay>(*running->outbox_, *std::move(producer), problems);
  }
  return running;
}

thalweg::client::ProducerConfig Running::producer_config() const {
  return {.brokers = config_.brokers,
          .delivery_timeout = 5s,  // then the relay says so, and tries again
          .metrics = config_.metrics,
          .on_error = [this](const examples::Error& error) { problems_.say(service_ + " producer", error.message); },
          .properties = examples::patient_properties()};
}

Result<thalweg::client::Consumer> Running::consumer(const Handlers& handlers) const {
  auto consumer = thalweg::client::Consumer::open(
      {.brokers = config_.brokers,
       .group = "ecommerce-" + service_,
       .workers = 1,  // there is one connection to the database
       .commit_interval = 1s,
       .session_timeout = 10s,
       .metrics = config_.metrics,
       .on_error = [this](const examples::Error& error) { problems_.say(service_ + " consumer", error.message); },
       .properties = examples::consumer_properties(config_.instance.empty() ? "" : config_.instance + "-" + service_)});
  if (!consumer) return consumer;
  handlers(*consumer);
  consumer->retry(examples::until_it_succeeds()).dead_letters();
  return consumer;
}

void Running::start(std::stop_token stop, Handlers handlers) {
  if (relay_) threads_.emplace_back([this, stop] { relay_->run(stop); });
  threads_.emplace_back([this, stop, handlers = std::move(handlers)] {
    examples::consume(stop, problems_, service_ + " consumer", [&] { return consumer(handlers); });
  });
}

}  // namespace ecommerce
