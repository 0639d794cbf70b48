// The coordinators of consumer groups on this broker: one host for every partition of __consumer_offsets that it leads,
// on that partition's shard, following leadership as it comes and goes.
//
// Owner: shard 0; GroupShard is its part on one shard. ask() may be called from any shard.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/context.h"
#include "broker/partition_journal.h"
#include "config/broker_config.h"
#include "group/group_machine.h"
#include "replica/partitions.h"
#include "replicated/host.h"
#include "runtime/shard.h"

namespace thalweg::broker {

class Broker;

// The hosts on one shard. Owner: that shard.
class GroupShard {
 public:
  GroupShard(const Shard& shard, const config::BrokerConfig& config) : shard_(shard), config_(config) {}

  // Loads what is led here, and from now on whatever comes to be. Before, leaderships are only noted: a broker that
  // comes back loses and regains all of them when it registers, and would load every group twice.
  void start();
  void lead(PartitionId partition, replica::PartitionPtr log);
  void resign(PartitionId partition) { hosts_.erase(partition); }
  void resign_all() { hosts_.clear(); }

  // kNotCoordinator if the partition is not led from here.
  template <class Response, class Request>
  Task<Result<Response>> handle(PartitionId partition, Request request, group::RequestContext context) {
    const auto at = hosts_.find(partition);
    if (at == hosts_.end()) co_return fail(ErrorCode::kNotCoordinator);
    co_return co_await at->second->template handle<Response>(std::move(request), std::move(context));
  }
  // The same for every partition here; the first error is the answer. One that is lost meanwhile is left out: its next
  // coordinator speaks for it.
  template <class Response, class Request>
  Task<Result<std::vector<Response>>> handle_all(Request request, group::RequestContext context) {
    std::vector<PartitionId> partitions;
    for (const auto& [partition, host] : hosts_) partitions.push_back(partition);
    std::vector<Response> responses;
    for (const auto partition : partitions) {
      auto response = co_await handle<Response>(partition, request, context);
      if (response)
        responses.push_back(std::move(*response));
      else if (response.error().code != ErrorCode::kNotCoordinator)
        co_return std::unexpected(std::move(response.error()));
    }
    co_return responses;
  }
  // Their offsets go from every group here; nobody waits for that.
  void topic_deleted(std::string topic);

 private:
  Task<> forget_topic(PartitionId partition, std::string topic);

  using Host = replicated::Host<group::GroupMachine, PartitionJournal>;

  const Shard& shard_;
  const config::BrokerConfig& config_;
  bool started_ = false;
  // Requests in flight survive their host's end: it answers them, and they touch it no more.
  std::map<PartitionId, std::unique_ptr<Host>> hosts_;
};

class GroupCoordinator {
 public:
  // Listens to the leadership of every shard's partitions from now on. REQUIRES: no partition is hosted yet.
  explicit GroupCoordinator(Broker& broker);

  // After this broker has registered with the controller. On shard 0.
  Task<> start();
  // Answers everybody who waits with kNotCoordinator, and serves no more. On shard 0.
  Task<> stop();
  // Forgets what groups committed for the topic.
  void topic_deleted(const std::string& topic);

  // What the coordinator of `group_id` says. Errors are those that clients of coordinators understand.
  template <class Response, class Request>
  Task<Result<Response>> ask(const RequestContext& context, const std::string& group_id, Request request) {
    CO_TRY(const auto place, locate(*context.image, group_id));
    auto& owner = *shards_[place.shard];
    auto answer = co_await shards_to_call_[place.shard]->call(
        owner, &GroupShard::handle<Response, Request>, place.partition, std::move(request), group_context(context));
    if (!answer) co_return std::unexpected(as_coordinator_error(std::move(answer.error())));
    co_return answer;
  }
  // What every coordinator on this broker says.
  template <class Response, class Request>
  Task<Result<std::vector<Response>>> ask_all(const RequestContext& context, Request request) {
    std::vector<Response> all;
    for (std::size_t i = 0; i < shards_.size(); ++i) {
      auto some = co_await shards_to_call_[i]->call(*shards_[i], &GroupShard::handle_all<Response, Request>, request,
                                                    group_context(context));
      if (!some) co_return std::unexpected(as_coordinator_error(std::move(some.error())));
      for (auto& response : *some) all.push_back(std::move(response));
    }
    co_return all;
  }

 private:
  struct Place {
    std::size_t shard;
    PartitionId partition;
  };
  // kNotCoordinator, kCoordinatorNotAvailable.
  Result<Place> locate(const metadata::Image& image, const std::string& group_id) const;
  static group::RequestContext group_context(const RequestContext& context);
  static Error as_coordinator_error(Error error);

  Broker& broker_;
  std::vector<std::unique_ptr<GroupShard>> shards_;  // at the index of the broker's shard
  std::vector<const Shard*> shards_to_call_;
};

}  // namespace thalweg::broker
