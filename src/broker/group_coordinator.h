// The coordinators of consumer groups on this broker: the machine and the codec that make coordinator::Coordinator one
// for __consumer_offsets, and which of them a group belongs to.
//
// Owner: shard 0. ask() may be called from any shard.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "broker/context.h"
#include "config/broker_config.h"
#include "coordinator/coordinator.h"
#include "group/group_machine.h"
#include "group/group_records.h"
#include "runtime/shard.h"

namespace thalweg::broker {

class Broker;

// The records of __consumer_offsets.
struct OffsetsCodec {
  using Record = group::OffsetsRecord;
  static Result<coordinator::KeyValue> encode(const Record& record) {
    TRY(auto bytes, group::encode(record));
    return coordinator::KeyValue{std::move(bytes.key), std::move(bytes.value)};
  }
  static Result<std::optional<Record>> decode(const coordinator::KeyValue& bytes) {
    return group::decode(bytes.key, bytes.value);
  }
};

using GroupJournal = coordinator::PartitionJournal<OffsetsCodec>;
using GroupShard = coordinator::CoordinatorShard<group::GroupMachine, OffsetsCodec>;
// `config` outlives the machines.
GroupShard::NewMachine group_machines(const config::BrokerConfig& config);

class GroupCoordinator {
 public:
  // Listens to the leadership of every shard's partitions from now on. REQUIRES: no partition is hosted yet.
  explicit GroupCoordinator(Broker& broker);

  // After this broker has registered with the controller. On shard 0.
  Task<> start();
  // Answers everybody who waits with kNotCoordinator, and serves no more. On shard 0.
  Task<> stop();
  // Forgets what groups committed for the topic; nobody waits for that.
  void topic_deleted(const std::string& topic);

  // What the coordinator of `group_id` says. Errors are those that clients of coordinators understand.
  template <class Response, class Request>
  Task<Result<Response>> ask(const RequestContext& context, const std::string& group_id, Request request) {
    CO_TRY(const auto place, locate(*context.image, group_id));
    const Instant begun = context.now();
    auto answer = co_await groups_.template ask<Response>(place.shard, place.partition, std::move(request),
                                                          group_context(context));
    context.note_wait_since(begun);
    co_return answer;
  }
  // Of those coordinated on the shard of this index; on that shard.
  group::GroupCounts count_on(std::size_t shard);
  // The same groups one by one, in slices. On that shard.
  Task<std::vector<group::GroupFigures>> figures_on(std::size_t shard);
  // What every coordinator on this broker says.
  template <class Response, class Request>
  Task<Result<std::vector<Response>>> ask_all(const RequestContext& context, Request request) {
    return groups_.template ask_all<Response>(std::move(request), group_context(context));
  }

 private:
  struct Place {
    std::size_t shard;
    PartitionId partition;
  };
  // kNotCoordinator, kCoordinatorNotAvailable.
  Result<Place> locate(const metadata::Image& image, const std::string& group_id) const;
  static group::RequestContext group_context(const RequestContext& context);

  Broker& broker_;
  coordinator::Coordinator<group::GroupMachine, OffsetsCodec> groups_;
};

// Their offsets of the topic go from every group there; nobody waits for that. On that shard.
void forget_topic(const Shard& shard, GroupShard& groups, const std::string& topic);

}  // namespace thalweg::broker
