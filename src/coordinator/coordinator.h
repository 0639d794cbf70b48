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
#include "coordinator/errors.h"

namespace thalweg::coordinator {

template <machine::Machine M, Codec C>
class Coordinator {
 public:
  using OnShard = CoordinatorShard<M, C>;
  using Context = typename M::Context;
  using Reply = typename M::Reply;

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
  Task<Result<Reply>> ask(std::size_t shard, PartitionId partition, typename OnShard::Host::Ask what) {
    auto& owner = shards_[shard];
    auto answer = co_await owner.at->call(*owner.part, &OnShard::ask, partition, std::move(what));
    if (!answer) co_return std::unexpected(as_coordinator_error(std::move(answer.error())));
    co_return answer;
  }
  template <class Response, class Request>
  Task<Result<Response>> ask(std::size_t shard, PartitionId partition, Request request, Context context) {
    auto reply = co_await ask(shard, partition, replicated::asking<M>(std::move(request), std::move(context)));
    co_return replicated::only<Response>(std::move(reply));
  }
  // What every coordinator on this broker says.
  Task<Result<std::vector<Reply>>> ask_all(typename OnShard::AskEach what) {
    std::vector<Reply> all;
    for (auto& shard : shards_) {
      auto some = co_await shard.at->call(*shard.part, &OnShard::ask_all, what);
      if (!some) co_return std::unexpected(as_coordinator_error(std::move(some.error())));
      for (auto& reply : *some) all.push_back(std::move(reply));
    }
    co_return all;
  }
  template <class Response, class Request>
  Task<Result<std::vector<Response>>> ask_all(Request request, Context context) {
    auto replies = co_await ask_all([request, context](M& machine, auto id, auto now, auto wall) {
      return machine.on(request, context, id, now, wall);
    });
    if (!replies) co_return std::unexpected(std::move(replies.error()));
    std::vector<Response> all;
    for (auto& reply : *replies) all.push_back(std::get<Response>(std::move(reply)));
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
