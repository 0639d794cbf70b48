// Publishes an outbox. Promises:
//   - an event is marked as sent only when all in-sync replicas have it: at least once;
//   - events of one key leave in the order they were written, since the next one waits until the broker has the last;
//   - one relay works on an outbox at a time, however many instances of the service run.
// What is published twice (a crash between the broker's answer and the mark) has the same event-id both times.
#pragma once

#include "outbox.h"
#include "service/service.h"

namespace ecommerce {

class Relay {
 public:
  Relay(Outbox& outbox, thalweg::client::Producer producer, examples::Problems& problems);
  void run(std::stop_token stop);

 private:
  struct Waiting {
    std::int64_t id = 0;
    thalweg::client::Message message;
  };
  Result<bool> step();  // false: there was nothing to do
  Result<std::vector<Waiting>> first_of_each_key();
  Result<> publish(std::vector<Waiting> batch);
  Result<> mark();
  Result<> forget_old();

  Outbox& outbox_;
  Database& database_;
  thalweg::client::Producer producer_;
  examples::Problems& problems_;
  const std::string table_, part_;
  std::vector<std::int64_t> to_mark_;  // the broker has them, the database does not know yet
  std::chrono::steady_clock::time_point next_forget_{};
};

}  // namespace ecommerce
