// One kind of coordinator on all shards of a broker: a machine and a codec make a service that survives its broker.
// Groups are an instance; transactions, the schema registry and share groups will be one each.
//
// Owner: shard 0; ask() and ask_all() may be called from any shard. REQUIRES: the shards outlive it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "coordinator/coordinator_shard.h"

namespace thalweg::coordinator {

// What went wrong with the log says nothing to a client that asked its coordinator; where to ask next does.
Error as_coordinator_error(Error error);

template <machine::Machine M, Codec C>
class Coordinator {
 public:
  using OnShard = CoordinatorShard<M, C>;
  using Context = typename M::Context;

  Coordinator(const std::vector<const Shard*>& shards, const std::string& kind, typename OnShard::NewMachine machine) {
    for (const Shard* shard : shards) shards_.push_back({shard, std::make_unique<OnShard>(*shard, kind, machine)});
  }

  // Its part on the shard of this index; touched on that shard only.
  OnShard& on_shard(std::size_t index) { return *shards_[index].part; }

  // After this broker has registered with the controller. On shard 0.
  Task<> start() {
    for (auto& shard : shards_) co_await shard.at->call(*shard.part, &OnShard::start);
  }
  // Answers everybody who waits with kNotCoordinator, and serves no more. On shard 0.
  Task<> stop() {
    for (auto& shard : shards_) co_await shard.at->call(*shard.part, &OnShard::resign_all);
  }

  // What the coordinator of the partition, which lives on the shard of this index, says. Errors are those that clients
  // of coordinators understand.
  template <class Response, class Request>
  Task<Result<Response>> ask(std::size_t shard, PartitionId partition, Request request, Context context) {
    auto& owner = shards_[shard];
    auto answer = co_await owner.at->call(*owner.part, &OnShard::template handle<Response, Request>, partition,
                                          std::move(request), std::move(context));
    if (!answer) co_return std::unexpected(as_coordinator_error(std::move(answer.error())));
    co_return answer;
  }
  // What every coordinator on this broker says.
  template <class Response, class Request>
  Task<Result<std::vector<Response>>> ask_all(Request request, Context context) {
    std::vector<Response> all;
    for (auto& shard : shards_) {
      auto some =
          co_await shard.at->call(*shard.part, &OnShard::template handle_all<Response, Request>, request, context);
      if (!some) co_return std::unexpected(as_coordinator_error(std::move(some.error())));
      for (auto& response : *some) all.push_back(std::move(response));
    }
    co_return all;
  }

 private:
  struct ShardPart {
    const Shard* at;
    std::unique_ptr<OnShard> part;
  };
  std::vector<ShardPart> shards_;  // at the index of the broker's shard
};

}  // namespace thalweg::coordinator
