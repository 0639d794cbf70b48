#include "voter_state.h"

#include <fmt/format.h>

#include <algorithm>

namespace thalweg::simulation {
using namespace std::chrono_literals;

Task<> SimulatedState::work() {
  if (voters_.world().simulation.one_in(3))
    co_await shard_.clock.sleep_for(voters_.world().simulation.between(10us, 3ms));
}

std::string SimulatedState::retention_of(const metadata::Image& image, const std::string& topic) {
  const auto& set = image.topic_configs(topic);
  const auto it = set.find("retention.ms");
  return it == set.end() ? "" : it->second;
}

Task<Result<>> SimulatedState::host(metadata::ImagePtr image, metadata::TopicPtr topic, PartitionId partition) {
  co_await work();
  if (voters_.world().simulation.one_in(voters_.faults.open_fails_one_in))
    co_return fail(ErrorCode::kKafkaStorageError, "no descriptors");
  const auto [at, fresh] = open_.try_emplace({topic->name, partition}, Log{.topic = topic->id});
  if (at->second.topic != topic->id) co_return fail(ErrorCode::kInconsistentTopicId, "is open with another topic id");
  at->second.state = *topic->partition(partition);
  if (fresh) at->second.retention = retention_of(*image, topic->name);
  co_return Result<>();
}

Task<Result<>> SimulatedState::drop(metadata::TopicPtr topic, PartitionId partition) {
  co_await work();
  open_.erase({topic->name, partition});
  co_return Result<>();
}

Task<Result<>> SimulatedState::remove_topic(metadata::TopicPtr topic) {
  co_await work();
  if (voters_.world().simulation.one_in(voters_.faults.open_fails_one_in))
    co_return fail(ErrorCode::kKafkaStorageError, "the disk is slow to let go");
  std::erase_if(open_, [&](const auto& entry) { return entry.second.topic == topic->id; });
  co_return Result<>();
}

Task<> SimulatedState::configure(metadata::ImagePtr image, metadata::TopicPtr topic) {
  for (auto& [name, log] : open_)
    if (log.topic == topic->id) log.retention = retention_of(*image, topic->name);
  co_return;
}

Task<> SimulatedState::show(metadata::ImagePtr image) {
  co_await work();
  if (image_ && image->index() < image_->index())
    voters_.violation(fmt::format("voter {} shows index {} after {}", voter_, image->index(), image_->index()));
  image_ = image;
  voters_.shown(voter_, image);
}

std::string SimulatedState::difference() const {
  if (!image_) return "nothing is shown";
  auto open = open_;
  for (const auto& [name, topic] : image_->topics())
    for (std::size_t i = 0; i < topic->partitions.size(); ++i) {
      const auto& state = topic->partitions[i];
      if (std::ranges::find(state.replicas, BrokerId{voter_}) == state.replicas.end()) continue;
      const auto node = open.extract({name, PartitionId{std::int32_t(i)}});
      if (!node) return fmt::format("{}-{} is not open", name, i);
      if (node.mapped().topic != topic->id) return fmt::format("{}-{} is open for another topic", name, i);
      if (node.mapped().state != state) return fmt::format("{}-{} has an old role", name, i);
      if (node.mapped().retention != retention_of(*image_, name)) return fmt::format("{}-{}: old config", name, i);
    }
  if (!open.empty()) return fmt::format("{} is still open", open.begin()->first.first);
  return {};
}

}  // namespace thalweg::simulation
