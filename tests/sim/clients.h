// Clients as a user would run them, on protocol and network alone.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "history.h"
#include "network/channel.h"
#include "runtime/shard.h"

namespace thalweg::simulation {

inline constexpr Instant kPatience = std::chrono::seconds(10);

Task<Result<std::shared_ptr<network::Channel>>> open_channel(const Shard* shard);
// Sends the request and waits for its answer so long. A connection that gave none is closed, so that whoever keeps it
// opens another one.
template <class Response, class Request>
Task<Result<Response>> ask_or_close(const Shard* shard, std::shared_ptr<network::Channel> channel, Request request,
                                    std::int16_t version, Instant patience = kPatience) {
  auto response = co_await channel->template send<Response>(std::move(request), version, shard->clock.now() + patience);
  if (!response) channel->close();
  co_return response;
}
// How a client reaches whoever leads a partition of kTopic, over connections that it keeps.
class Route {
 public:
  virtual ~Route() = default;
  virtual Task<Result<std::shared_ptr<network::Channel>>> to(PartitionId partition) = 0;
  // What was sent there was not answered, or was refused: another one may lead it by now.
  virtual void missed(PartitionId) {}
};
// Where one broker leads everything.
class ToTheBroker : public Route {
 public:
  explicit ToTheBroker(const Shard& shard) : shard_(shard) {}
  Task<Result<std::shared_ptr<network::Channel>>> to(PartitionId partition) override;

 private:
  const Shard& shard_;
  std::shared_ptr<network::Channel> channel_;
};

// For a random time up to the longest.
Task<> pause(const Shard* shard, Instant longest);

// Creates the topic, retrying until it is there.
Task<> create_topic(const Shard* shard, History* history, bool* done);

// An idempotent producer, acks=all: sends numbered records, and each batch again until it is acknowledged.
class Producer {
 public:
  Producer(const Shard& shard, History& history, std::unique_ptr<Route> route, int number, int batches)
      : shard_(shard), history_(history), route_(std::move(route)), number_(number), batches_(batches) {}

  Task<> run();
  bool done() const { return done_; }
  const std::string& last_error() const { return last_error_; }

 private:
  struct Batch {
    PartitionId partition;
    std::int32_t sequence;  // of the first record; the values' numbers are the same
    std::vector<std::string> values;
  };
  Task<Result<>> get_id();
  Task<Result<>> send(Batch batch);
  Result<> take(const Batch& batch, ErrorCode code, const std::string& message, Offset base);
  Batch next_batch();
  SharedBytes encode(const Batch& batch) const;

  const Shard& shard_;
  History& history_;
  const std::unique_ptr<Route> route_;
  const int number_;
  const int batches_;
  std::shared_ptr<network::Channel> channel_;  // of the batch that is under way
  ProducerId id_ = kNoProducerId;
  ProducerEpoch epoch_ = kNoProducerEpoch;
  std::int32_t sequences_[kPartitions] = {};
  bool done_ = false;
  std::string last_error_;
};

// Reads one partition from its beginning to its high watermark.
Task<Result<Records>> read_partition(const Shard* shard, std::shared_ptr<Route> route, PartitionId partition);
// Follows a partition for ever and tells the history what it was given.
Task<> follow(const Shard* shard, History* history, std::unique_ptr<Route> route, PartitionId partition);

}  // namespace thalweg::simulation
