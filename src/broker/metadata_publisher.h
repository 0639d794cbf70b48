// Turns committed metadata records into images and brings this broker into the state they describe: logs are opened,
// roles change, configs apply, and only then does every shard see the new image. What a client reads in Metadata can
// therefore be used at once.
//
// Owner: shard 0 (it is the quorum's state machine). Invariant: published() is the index of an image that every shard
// holds.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "metadata/image_builder.h"
#include "raft/state_machine.h"
#include "runtime/shard.h"
#include "runtime/watermark.h"
#include "storage/log_manager.h"

namespace thalweg::broker {

class Broker;

class MetadataPublisher : public raft::StateMachine {
 public:
  MetadataPublisher(const Shard& shard, Broker& broker, std::string cluster_id);

  void apply(Offset index, LeaderEpoch epoch, BytesView records) override;
  Task<Result<SharedBytes>> snapshot() override;
  Result<> restore(Offset index, SharedBytes image) override;

  // Everything applied so far; shards may not have it yet.
  metadata::ImagePtr current_image() const { return std::make_shared<const metadata::Image>(builder_.current()); }
  Watermark& published() { return published_; }
  // Publishing begins with the first call: until then records are only applied (the log is being replayed).
  void start();
  // Returns when nothing is being published any more.
  Task<> stop();

 private:
  metadata::Built build();
  Task<> publish_loop();
  Task<> publish(metadata::Built built);
  void open_again_later(metadata::Delta::PartitionChange change);
  Task<> open_partition(metadata::ImagePtr image, metadata::Delta::PartitionChange change);
  Task<> remove_topic(metadata::TopicPtr topic);
  Task<> apply_configs(metadata::ImagePtr image, const metadata::Delta& delta);

  const Shard& shard_;
  Broker& broker_;
  metadata::ImageBuilder builder_;
  bool dirty_ = false;  // applied, not published
  bool started_ = false, stopping_ = false, running_ = false;
  Watermark published_;
  std::set<metadata::Delta::PartitionChange> unopened_;  // for a reason that passes
  bool open_again_planned_ = false;
  std::unique_ptr<Clock::Timer> open_again_;
  OneShot<bool> stopped_;
};

}  // namespace thalweg::broker
