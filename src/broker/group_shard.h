// The coordinators of groups on one shard: the machine and the codec that make coordinator::Coordinator one for
// __consumer_offsets. What is only asked of groups is in group_coordinator.h, which costs less to include.
#pragma once

#include <string>
#include <utility>

#include "config/broker_config.h"
#include "coordinator/coordinator.h"
#include "group/group_machine.h"
#include "group/group_records.h"
#include "runtime/shard.h"

namespace thalweg::broker {

// The records of __consumer_offsets.
struct OffsetsCodec {
  using Record = group::OffsetsRecord;
  static Result<coordinator::KeyValue> encode(const Record& record) {
    TRY(auto bytes, group::encode(record));
    coordinator::KeyValue encoded{std::move(bytes.key), std::move(bytes.value)};
    if (const auto* offset = std::get_if<group::OffsetRecord>(&record)) encoded.producer = offset->producer;
    return encoded;
  }
  static Result<std::optional<Record>> decode(const coordinator::KeyValue& bytes) {
    TRY(auto record, group::decode(bytes.key, bytes.value));
    if (auto* offset = record ? std::get_if<group::OffsetRecord>(&*record) : nullptr) offset->producer = bytes.producer;
    return record;
  }
  static const machine::TransactionEnd* end_of(const Record& record) {
    return std::get_if<machine::TransactionEnd>(&record);
  }
};

using GroupJournal = coordinator::PartitionJournal<OffsetsCodec>;
using GroupShard = coordinator::CoordinatorShard<group::GroupMachine, OffsetsCodec>;
// `config` outlives the machines.
GroupShard::NewMachine group_machines(const config::BrokerConfig& config);

// Their offsets of the topic go from every group there; nobody waits for that. On that shard.
void forget_topic(const Shard& shard, GroupShard& groups, const std::string& topic);

}  // namespace thalweg::broker
