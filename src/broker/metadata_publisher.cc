#include "broker/metadata_publisher.h"

#include <algorithm>

#include "base/log.h"
#include "runtime/gather.h"
#include "runtime/yielding.h"

namespace thalweg::broker {
namespace {

bool replica_of(const metadata::Partition& partition, BrokerId self) {
  return std::ranges::find(partition.replicas, self) != partition.replicas.end();
}

constexpr std::size_t kOpenedAtOnce = 64;
constexpr std::size_t kChangesAtOnce = 64;  // removed or given another configuration before others have their turn
constexpr PartitionId kWholeTopic{-1};

}  // namespace

MetadataPublisher::MetadataPublisher(const Shard& shard, LocalState& local, BrokerId self, std::string cluster_id,
                                     std::vector<controller::Feature> features)
    : shard_(shard),
      local_(local),
      self_(self),
      features_(std::move(features)),
      builder_(std::make_unique<metadata::ImageBuilder>(std::make_shared<const metadata::Image>(cluster_id))),
      handed_(builder_->pin()),
      published_image_(handed_),
      published_(shard.clock) {}

void MetadataPublisher::halt(std::string_view step, const Error& error) {
  log::error("metadata cannot be applied; this release does not understand the metadata log", field("step", step),
             field("error", error));
  health_ = std::unexpected(error);
  published_.fail();
}

std::int16_t MetadataPublisher::metadata_version_max() const {
  return std::ranges::find(features_, metadata::kMetadataVersion, &controller::Feature::name)->max;
}

void MetadataPublisher::apply(Offset index, LeaderEpoch epoch, BytesView records) {
  if (!health_) return;
  auto decoded = metadata::decode_records(SharedBytes::copy_of(records), metadata_version_max());
  if (!decoded) return halt("decode", decoded.error());
  pass_to(index);
  if (auto applied = builder_->apply(index.value, epoch.value, *decoded); !applied)
    return halt("apply", applied.error());
  if (auto spoken = controller::check_finalized(builder_->current().features(), features_); !spoken)
    return halt("features", spoken.error());
  dirty_ = true;
  begin_publishing();
}

Task<Result<SharedBytes>> MetadataPublisher::snapshot() {
  if (!health_) co_return std::unexpected(health_.error());
  const auto image = builder_->pin();
  co_return metadata::encode_records(image->snapshot(),
                                     metadata::level_to_write(image->feature(metadata::kMetadataVersion)));
}

Result<std::unique_ptr<metadata::ImageBuilder>> MetadataPublisher::built_from(Offset index,
                                                                              const SharedBytes& image) const {
  TRY(const auto records, metadata::decode_records(image, metadata_version_max()));
  auto restored = std::make_unique<metadata::ImageBuilder>(
      std::make_shared<const metadata::Image>(builder_->current().cluster_id()));
  TRY_VOID(restored->apply(index.value, 0, records));
  TRY_VOID(controller::check_finalized(restored->current().features(), features_));
  return restored;
}

Result<> MetadataPublisher::restore(Offset index, SharedBytes image) {
  auto restored = built_from(index, image);
  if (!restored) {
    halt("restore", restored.error());
    return std::unexpected(restored.error());
  }
  pass_to(index);
  builder_ = std::move(*restored);
  dirty_ = restored_ = true;
  begin_publishing();
  return {};
}

// Something of `index` is about to come.
void MetadataPublisher::pass_to(Offset index) {
  if (!wanted_ || index <= *wanted_) return;
  if (current_index() == *wanted_) put_by_ = builder_->pin();
  wanted_.reset();
}

metadata::ImagePtr MetadataPublisher::take_put_by() {
  pass_to(Offset{INT64_MAX});
  return std::exchange(put_by_, nullptr);
}

void MetadataPublisher::start() {
  started_ = dirty_ = true;
  begin_publishing();
}

void MetadataPublisher::begin_publishing() {
  if (!started_ || running_ || stopping_) return;
  running_ = true;
  spawn(shard_, publish_loop());
}

Task<> MetadataPublisher::stop() {
  stopping_ = true;
  retry_timer_.reset();
  if (running_) co_await stopped_.wait();
}

metadata::Built MetadataPublisher::build() {
  dirty_ = false;
  auto built = builder_->build();
  if (std::exchange(restored_, false)) built.delta = metadata::diff(*handed_, *built.image);
  handed_ = built.image;
  return built;
}

Task<> MetadataPublisher::publish_loop() {
  while (!stopping_) {
    if (dirty_ && health_)
      co_await publish(build());
    else if (!due().empty())
      co_await retry();
    else
      break;
  }
  running_ = false;
  if (stopping_)
    stopped_.set(true);
  else
    schedule_retry();
}

Task<> MetadataPublisher::publish(metadata::Built built) {
  const auto& image = built.image;
  co_await remove_topics(built.delta.topics_deleted);
  co_await configure(image, {built.delta.configs.begin(), built.delta.configs.end()});
  co_await bring_in(image, {built.delta.partitions.begin(), built.delta.partitions.end()});
  co_await local_.show(image);
  published_image_ = image;
  published_.advance(Offset{image->index()});
}

Task<> MetadataPublisher::remove_topics(const std::map<Uuid, metadata::TopicPtr>& topics) {
  Pace pace(kChangesAtOnce);
  for (const auto& [id, topic] : topics) {
    if (pace.due()) co_await give_way();
    std::erase_if(failed_, [&](const auto& entry) { return entry.first.topic_id == id; });
    note({id, kWholeTopic}, topic, co_await local_.remove_topic(topic));
  }
}

Task<> MetadataPublisher::configure(metadata::ImagePtr image, std::vector<metadata::ConfigResource> resources) {
  std::vector<metadata::TopicPtr> topics;
  bool brokers = false;
  for (const auto& resource : resources) {
    if (resource.type == metadata::ResourceType::kBroker) brokers = true;
    if (resource.type != metadata::ResourceType::kTopic) continue;
    if (auto topic = image->topic(std::string_view(resource.name))) topics.push_back(std::move(topic));
  }
  // Some options of brokers are the defaults of every topic.
  if (brokers && co_await local_.configure_broker(image)) {
    topics.clear();
    for (const auto& [name, topic] : image->topics()) topics.push_back(topic);
  }
  Pace pace(kChangesAtOnce);
  for (const auto& topic : topics) {
    if (pace.due()) co_await give_way();
    co_await local_.configure(image, topic);
  }
}

Task<> MetadataPublisher::bring_in(metadata::ImagePtr image, std::vector<Partition> partitions) {
  for (std::size_t i = 0; i < partitions.size(); i += kOpenedAtOnce) {
    std::vector<Task<bool>> opening;
    for (std::size_t j = i; j < std::min(i + kOpenedAtOnce, partitions.size()); ++j)
      opening.push_back(bring_in_one(image, partitions[j]));
    co_await gather(std::move(opening));
  }
}

// Hosts the partition, or lets go of it when this broker is none of its replicas.
Task<bool> MetadataPublisher::bring_in_one(metadata::ImagePtr image, Partition partition) {
  const auto topic = image->topic(partition.topic_id);
  const auto* state = topic ? topic->partition(partition.partition) : nullptr;
  if (!state) {
    failed_.erase(partition);
    co_return true;
  }
  Result<> outcome;
  if (replica_of(*state, self_))
    outcome = co_await local_.host(image, topic, partition.partition);
  else
    outcome = co_await local_.drop(topic, partition.partition);
  note(partition, nullptr, outcome);
  co_return outcome.has_value();
}

void MetadataPublisher::note(Partition partition, metadata::TopicPtr topic, const Result<>& outcome) {
  const auto known = failed_.find(partition);
  if (outcome) {
    if (known == failed_.end()) return;
    log::info("brought in force after it had failed", field("topic", to_string(partition.topic_id)),
              field("partition", partition.partition), field("attempts", known->second.attempts + 1));
    failed_.erase(known);
    return;
  }
  auto& failed = known == failed_.end() ? failed_[partition] : known->second;
  const Instant wait = std::min<Instant>(kRetryLast, kRetryFirst * (1 << std::min(failed.attempts, 8)));
  ++failed.attempts;
  failed.topic = std::move(topic);
  failed.why = outcome.error().code;
  failed.again = shard_.clock.now() + wait;
  // Clients are told NOT_LEADER_OR_FOLLOWER meanwhile, and the operator why.
  log::error("partition could not be brought in force; it will be tried again",
             field("topic", to_string(partition.topic_id)), field("partition", partition.partition),
             field("attempt", failed.attempts), field("milliseconds", std::chrono::duration_cast<Millis>(wait).count()),
             field("error", outcome.error()));
}

bool MetadataPublisher::nothing_lost() const {
  // What lies in a directory that is not here the registration tells, since it does not name that one.
  return std::ranges::all_of(failed_, [](const auto& entry) {
    return entry.second.why == ErrorCode::kInconsistentTopicId || entry.second.why == ErrorCode::kLogDirNotFound;
  });
}

void MetadataPublisher::try_again() {
  for (auto& [partition, failed] : failed_) failed.again = shard_.clock.now();
  begin_publishing();
}

std::vector<MetadataPublisher::Partition> MetadataPublisher::due() const {
  std::vector<Partition> due;
  for (const auto& [partition, failed] : failed_)
    if (failed.again <= shard_.clock.now()) due.push_back(partition);
  return due;
}

void MetadataPublisher::schedule_retry() {
  retry_timer_.reset();
  if (failed_.empty()) return;
  Instant next = Instant::max();
  for (const auto& [partition, failed] : failed_) next = std::min(next, failed.again);
  retry_timer_ = shard_.clock.call_at(next, [this] { begin_publishing(); });
}

// By what is published, so nothing newer is brought in force than what shards see.
Task<> MetadataPublisher::retry() {
  std::vector<Partition> partitions;
  for (const auto& partition : due()) {
    if (const auto topic = failed_.at(partition).topic)
      note(partition, topic, co_await local_.remove_topic(topic));
    else
      partitions.push_back(partition);
  }
  co_await bring_in(published_image_, std::move(partitions));
}

}  // namespace thalweg::broker
