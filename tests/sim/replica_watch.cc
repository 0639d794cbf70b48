#include "replica_watch.h"

#include <fmt/format.h>

#include "broker/broker_shard.h"
#include "record/batch.h"
#include "record/record.h"
#include "storage/pieces.h"
#include "transactions.h"

namespace thalweg::simulation {
namespace {
using namespace std::chrono_literals;

replica::PartitionPtr replica_at(const broker::Broker& broker, const replica::PartitionKey& key) {
  return broker.owner_of(key).partitions.find(key);
}

using ReplicaContents = std::map<Offset, std::pair<std::string, LeaderEpoch>>;

std::string shown_at(const ReplicaContents& contents, Offset offset) {
  const auto at = contents.find(offset);
  return at == contents.end() ? "nothing" : fmt::format("{} of epoch {}", at->second.first, at->second.second.value);
}

// Where two replicas differ first; empty if they do not.
std::string difference(const ReplicaContents& one, const ReplicaContents& other) {
  if (one == other) return {};
  auto in_one = one.begin(), in_other = other.begin();
  while (in_one != one.end() && in_other != other.end() && *in_one == *in_other) ++in_one, ++in_other;
  const Offset at = in_one == one.end()       ? in_other->first
                    : in_other == other.end() ? in_one->first
                                              : std::min(in_one->first, in_other->first);
  return fmt::format("at {} {} and {}", at.value, shown_at(one, at), shown_at(other, at));
}

}  // namespace

void ReplicaWatch::note_leaders(BrokerId id, broker::Broker& here, const metadata::Image& image) {
  const auto topic = image.topic(std::string_view(kTopic));
  if (!topic) return;
  for (std::int32_t p = 0; p < kPartitions; ++p) {
    const auto partition = replica_at(here, {topic->id, {p}});
    if (!partition || !partition->is_leader()) continue;
    const std::pair leader(id, here.broker_epoch());
    const auto known = leaders_.emplace(std::pair(PartitionId{p}, partition->leader_epoch()), leader).first->second;
    if (known != leader)
      history_.violation(fmt::format("partition {}: brokers {} and {} lead in epoch {}", p, known.first.value, id.value,
                                     partition->leader_epoch().value));
  }
}

Offset ReplicaWatch::recovery_point(const broker::Broker& broker, const metadata::Image& image, PartitionId partition) {
  return replica_at(broker, {image.topic(std::string_view(kTopic))->id, partition})->log().recovery_point();
}

std::string ReplicaWatch::unsettled(const metadata::Image& image, const std::vector<broker::Broker*>& brokers) const {
  for (const auto& name : {kTopic, kTransfers}) {
    const auto topic = image.topic(std::string_view(name));
    if (!topic) return fmt::format("there is no {}", name);
    if (auto why = unsettled(*topic, brokers); !why.empty()) return fmt::format("{}: {}", name, why);
  }
  return {};
}

std::string ReplicaWatch::unsettled(const metadata::Topic& topic, const std::vector<broker::Broker*>& brokers) const {
  for (std::int32_t p = 0; p < kPartitions; ++p) {
    const auto& state = topic.partitions.at(std::size_t(p));
    if (state.leader == kNoBroker) return fmt::format("nobody leads partition {}", p);
    if (state.isr.size() != brokers.size()) return fmt::format("{} in sync of partition {}", state.isr.size(), p);
    std::set<Offset> ends;
    for (const auto* broker : brokers) {
      const auto partition = replica_at(*broker, {topic.id, {p}});
      if (!partition) return fmt::format("partition {} is not everywhere", p);
      ends.insert(partition->log().end_offset());
      ends.insert(partition->log().durable().value());
    }
    if (ends.size() != 1) return fmt::format("the replicas of partition {} do not end at the same offset", p);
    const auto led = replica_at(*brokers.at(std::size_t(state.leader.value - 1)), {topic.id, {p}});
    if (!led->is_leader() || led->high_watermark().value() != *ends.begin())
      return fmt::format("the end of partition {} is not committed", p);
  }
  return {};
}

Task<Result<ReplicaWatch::Contents>> ReplicaWatch::contents_of(storage::LogPtr log) {
  Contents all;
  for (Offset at = log->start_offset(); at < log->end_offset();) {
    CO_TRY(const auto data, co_await log->read(at, {}));
    CO_TRY(const auto bytes, co_await storage::gather(data.records));
    CO_TRY(const auto batches, record::split_batches(bytes));
    for (const auto& batch : batches) {
      if (!batch.crc_ok()) co_return fail(ErrorCode::kCorruptMessage, "a stored batch has a wrong CRC");
      CO_TRY(auto reader, record::RecordReader::open(batch));
      for (;;) {
        CO_TRY(const auto record, reader.next());
        if (!record) break;
        if (record->offset >= log->start_offset() && record->value)
          all.emplace(record->offset, std::pair(std::string(as_text(*record->value)), batch.leader_epoch()));
      }
    }
    at = data.next;
  }
  co_return all;
}

Task<> ReplicaWatch::read(storage::LogPtr log, std::shared_ptr<std::optional<Replica>> into) {
  Replica replica{.start = log->start_offset(), .contents = {}, .error = {}};
  if (auto contents = co_await contents_of(log))
    replica.contents = std::move(*contents);
  else
    replica.error = contents.error().message;
  *into = std::move(replica);
}

std::optional<ReplicaWatch::Replica> ReplicaWatch::read_at(sim::Node& node, broker::Broker& broker,
                                                           const replica::PartitionKey& key) {
  const auto partition = replica_at(broker, key);
  if (!partition) return std::nullopt;
  const auto result = std::make_shared<std::optional<Replica>>();
  const auto& owner = broker.owner_of(key).shard;
  for (unsigned i = 0; i < node.shard_count(); ++i)
    if (&node.shard(i) == &owner) spawn(owner, read(partition->log_ptr(), result));
  world_.run_until([&] { return result->has_value(); }, 30s);
  return *result;
}

void ReplicaWatch::compare(const metadata::Image& image,
                           const std::vector<std::pair<sim::Node*, broker::Broker*>>& nodes) {
  for (const auto& name : {kTopic, kTransfers}) compare(*image.topic(std::string_view(name)), nodes);
}

void ReplicaWatch::compare(const metadata::Topic& topic,
                           const std::vector<std::pair<sim::Node*, broker::Broker*>>& nodes) {
  for (std::int32_t p = 0; p < kPartitions; ++p) {
    std::vector<Replica> replicas;
    for (const auto& [node, broker] : nodes) {
      auto replica = read_at(*node, *broker, {topic.id, {p}});
      if (!replica || !replica->error.empty())
        return history_.violation(fmt::format("the replica of {} {} on {} cannot be read: {}", topic.name, p,
                                              node->host(), replica ? replica->error : "no answer"));
      replicas.push_back(std::move(*replica));
    }
    // A leader that had not heard of a deletion begins earlier than others.
    Offset from{0};
    for (const auto& replica : replicas) from = std::max(from, replica.start);
    if (from > (topic.name == kTopic ? history_.deletion_asked({p}) : Offset{0}))
      history_.loss(fmt::format("{} {} begins at {}, beyond what was deleted", topic.name, p, from.value));
    for (auto& replica : replicas) replica.contents.erase(replica.contents.begin(), replica.contents.lower_bound(from));
    for (std::size_t i = 1; i < replicas.size(); ++i)
      if (const auto why = difference(replicas[0].contents, replicas[i].contents); !why.empty())
        history_.violation(fmt::format("the replicas of {} {} on {} and {} differ: {}", topic.name, p,
                                       nodes[0].first->host(), nodes[i].first->host(), why));
  }
}

}  // namespace thalweg::simulation
