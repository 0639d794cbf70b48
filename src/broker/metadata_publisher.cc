#include "broker/metadata_publisher.h"

#include <algorithm>

#include "base/log.h"
#include "broker/broker.h"
#include "runtime/gather.h"

namespace thalweg::broker {
namespace {

// The log of the cluster contradicts itself, or was written by a newer release. Going on would be guessing.
[[noreturn]] void refuse(std::string_view what, const Error& error) {
  log::error("metadata cannot be applied; this release does not understand the metadata log", field("step", what),
             field("error", error));
  std::abort();
}

bool replica_of(const metadata::Partition& partition, BrokerId self) {
  return std::ranges::find(partition.replicas, self) != partition.replicas.end();
}

constexpr std::size_t kOpenedAtOnce = 64;
constexpr Millis kOpenAgainAfter{2'000};

}  // namespace

MetadataPublisher::MetadataPublisher(const Shard& shard, Broker& broker, std::string cluster_id)
    : shard_(shard),
      broker_(broker),
      builder_(std::make_shared<const metadata::Image>(cluster_id)),
      published_(shard.clock) {}

void MetadataPublisher::apply(Offset index, LeaderEpoch epoch, BytesView records) {
  auto decoded = metadata::decode_records(SharedBytes::copy_of(records));
  if (!decoded) refuse("decode", decoded.error());
  if (auto applied = builder_.apply(index.value, epoch.value, *decoded); !applied) refuse("apply", applied.error());
  dirty_ = true;
  if (started_ && !running_ && !stopping_) {
    running_ = true;
    spawn(shard_, publish_loop());
  }
}

Task<Result<SharedBytes>> MetadataPublisher::snapshot() {
  const auto image = std::make_shared<const metadata::Image>(builder_.current());
  co_return metadata::encode_records(image->snapshot());
}

Result<> MetadataPublisher::restore(Offset index, SharedBytes image) {
  TRY(const auto records, metadata::decode_records(image));
  builder_ = metadata::ImageBuilder(std::make_shared<const metadata::Image>(builder_.current().cluster_id()));
  TRY_VOID(builder_.apply(index.value, 0, records));
  dirty_ = true;
  return {};
}

void MetadataPublisher::start() {
  started_ = true;
  if (!running_) {
    running_ = true;
    spawn(shard_, publish_loop());
  }
}

Task<> MetadataPublisher::stop() {
  stopping_ = true;
  open_again_.reset();
  if (running_) co_await stopped_.wait();
}

metadata::Built MetadataPublisher::build() {
  dirty_ = false;
  return builder_.build();
}

Task<> MetadataPublisher::publish_loop() {
  do {
    co_await publish(build());
  } while (dirty_ && !stopping_);
  running_ = false;
  if (stopping_) stopped_.set(true);
}

Task<> MetadataPublisher::publish(metadata::Built built) {
  const auto& image = built.image;
  for (const auto& [id, topic] : built.delta.topics_deleted) co_await remove_topic(topic);
  co_await apply_configs(image, built.delta);
  unopened_.insert(built.delta.partitions.begin(), built.delta.partitions.end());
  const auto touched = std::exchange(unopened_, {});
  const std::vector<metadata::Delta::PartitionChange> changes(touched.begin(), touched.end());
  for (std::size_t i = 0; i < changes.size(); i += kOpenedAtOnce) {
    std::vector<Task<bool>> opening;
    for (std::size_t j = i; j < std::min(i + kOpenedAtOnce, changes.size()); ++j)
      opening.push_back(
          [](MetadataPublisher* self, metadata::ImagePtr img, metadata::Delta::PartitionChange change) -> Task<bool> {
            co_await self->open_partition(std::move(img), change);
            co_return true;
          }(this, image, changes[j]));
    co_await gather(std::move(opening));
  }
  for (auto& shard : broker_.shards()) co_await shard->shard.call(*shard, &BrokerShard::set_image, image);
  published_.advance(Offset{image->index()});
}

Task<> MetadataPublisher::open_partition(metadata::ImagePtr image, metadata::Delta::PartitionChange change) {
  const auto topic = image->topic(change.topic_id);
  const auto* state = topic ? topic->partition(change.partition) : nullptr;
  if (!state) co_return;
  const replica::PartitionKey key{change.topic_id, change.partition};
  auto& owner = broker_.owner_of(key);
  const TopicPartition id{topic->name, change.partition};
  if (!replica_of(*state, broker_.config().node_id)) {
    if (!broker_.logs().find(id)) co_return;
    co_await owner.shard.call(owner, &BrokerShard::drop, topic->name, key);
    co_await broker_.logs().remove(topic->name, topic->id, {change.partition});
    co_return;
  }
  auto log = co_await broker_.logs().open(id, change.topic_id, broker_.log_config(*image, topic->name), owner.shard.id);
  if (!log) {
    // The partition stays without a leader here: clients are told NOT_LEADER_OR_FOLLOWER, and the operator why.
    const bool again = Disk::is_passing(log.error());
    log::error("partition could not be opened", field("partition", id), field("error", log.error()),
               field("tried_again", again));
    if (again) open_again_later(change);
    co_return;
  }
  co_await owner.shard.call(owner, &BrokerShard::host, topic->name, key, *log, *state);
}

// What was lacking may be there again: with the next image, or after a while without one.
void MetadataPublisher::open_again_later(metadata::Delta::PartitionChange change) {
  unopened_.insert(change);
  if (stopping_ || std::exchange(open_again_planned_, true)) return;
  open_again_ = shard_.clock.call_at(shard_.clock.now() + kOpenAgainAfter, [this] {
    open_again_planned_ = false;
    dirty_ = true;
    start();
  });
}

// All partitions of a shard at once.
Task<> MetadataPublisher::remove_topic(metadata::TopicPtr topic) {
  std::vector<PartitionId> partitions;
  std::vector<std::vector<replica::PartitionKey>> keys(broker_.shards().size());
  for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
    partitions.push_back(PartitionId{std::int32_t(i)});
    const replica::PartitionKey key{topic->id, partitions.back()};
    keys[broker_.owner_of(key).shard.id].push_back(key);
  }
  for (auto& shard : broker_.shards())
    if (auto& here = keys[shard->shard.id]; !here.empty())
      co_await shard->shard.call(*shard, &BrokerShard::drop_all, topic->name, std::move(here));
  co_await broker_.logs().remove(topic->name, topic->id, std::move(partitions));
  broker_.topic_deleted(*topic);
}

Task<> MetadataPublisher::apply_configs(metadata::ImagePtr image, const metadata::Delta& delta) {
  std::vector<metadata::TopicPtr> topics;
  bool brokers = false;
  for (const auto& resource : delta.configs) {
    if (resource.type == metadata::ResourceType::kBroker) brokers = true;
    if (resource.type != metadata::ResourceType::kTopic) continue;
    if (auto topic = image->topic(std::string_view(resource.name))) topics.push_back(std::move(topic));
  }
  if (brokers) broker_.follow(*image);
  // A broker's option is the default of every topic.
  if (brokers)
    for (const auto& [name, topic] : image->topics()) topics.push_back(topic);
  for (const auto& topic : topics) {
    const auto config = broker_.log_config(*image, topic->name);
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      const replica::PartitionKey key{topic->id, PartitionId{std::int32_t(i)}};
      auto& owner = broker_.owner_of(key);
      co_await owner.shard.call(owner.partitions, &replica::Partitions::set_config, key, config);
    }
  }
}

}  // namespace thalweg::broker
