// Turns committed metadata records into images and brings this broker into the state they describe: logs are opened,
// roles change, configs apply, and only then does every shard see the new image. What a client reads in Metadata can
// therefore be used at once. What all that means is LocalState's to know; this class decides what has to be done, in
// which order, and does again what has failed.
//
// Owner: shard 0 (it is the quorum's state machine). Invariant: published() is the index of an image that every shard
// holds, and grows only.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/local_state.h"
#include "controller/features.h"
#include "metadata/image_builder.h"
#include "raft/state_machine.h"
#include "runtime/shard.h"
#include "runtime/watermark.h"

namespace thalweg::broker {

class MetadataPublisher : public raft::StateMachine {
 public:
  // `local` outlives the publisher. `self`: whose partitions are opened here. `features`: what this node speaks.
  MetadataPublisher(const Shard& shard, LocalState& local, BrokerId self, std::string cluster_id,
                    std::vector<controller::Feature> features = controller::supported_features());

  // An entry that this release cannot apply is a newer release's, or contradicts the log before it. Going on would be
  // guessing: what is published stays, nothing is applied any more, and health() says why. The same holds for a
  // finalized feature whose level this node does not speak. At start the node refuses to start; later it asks to be
  // fenced and leaves what it leads to others. Versions that older members do not know are written only at a finalized
  // level of metadata.version (metadata/record_version.h) that every registered node speaks
  // (controller/update_features.cc refuses the others), so in a rolling upgrade no member ever meets one.
  void apply(Offset index, LeaderEpoch epoch, BytesView records) override;
  Task<Result<SharedBytes>> snapshot() override;
  // Also while running, when this node lagged behind the others' logs: what differs from the image that was published
  // is brought in force, topics deleted meanwhile included, and publishing goes on by itself.
  Result<> restore(Offset index, SharedBytes image) override;

  // Everything applied so far; shards may not have it yet. Never changes.
  metadata::ImagePtr current_image() { return builder_->pin(); }
  // Its index; without making an image of it.
  Offset current_index() const { return Offset{builder_->current().index()}; }
  // What every shard holds: the image of published().
  const metadata::ImagePtr& published_image() const { return published_image_; }
  Watermark& published() { return published_; }
  const Result<>& health() const { return health_; }
  // Whether some log that is this broker's could not be opened: it may have lost something. What is in the folder of
  // another topic's partition is none.
  bool nothing_lost() const;
  // What failed is done again now.
  void try_again();

  // What somebody has seen before this process was started: the image of exactly that index is put by, if the log on
  // this disk passes it while it is replayed. A snapshot in its place has it no more. Before anything is applied.
  void put_by(Offset index) { wanted_ = index; }
  // That image; null where it was not passed. From now on none is looked for.
  metadata::ImagePtr take_put_by();

  // Publishing begins with the first call: until then records are only applied (the log is being replayed).
  void start();
  // Returns when nothing is being published any more.
  Task<> stop();

  // How long after a failure a partition is opened, or a topic removed, again; doubled up to the last.
  static constexpr Instant kRetryFirst = std::chrono::seconds(1), kRetryLast = std::chrono::seconds(30);

 private:
  using Partition = metadata::Delta::PartitionChange;
  struct Failed {
    metadata::TopicPtr topic;  // set: the topic is deleted and something of it is still here
    ErrorCode why = ErrorCode::kNone;
    int attempts = 0;
    Instant again{0};
  };

  void halt(std::string_view step, const Error& error);
  std::int16_t metadata_version_max() const;
  Result<std::unique_ptr<metadata::ImageBuilder>> built_from(Offset index, const SharedBytes& image) const;
  void pass_to(Offset index);
  void begin_publishing();
  metadata::Built build();
  Task<> publish_loop();
  Task<> publish(metadata::Built built);
  Task<> remove_topics(const std::map<Uuid, metadata::TopicPtr>& topics);
  Task<> configure(metadata::ImagePtr image, std::vector<metadata::ConfigResource> resources);
  Task<> bring_in(metadata::ImagePtr image, std::vector<Partition> partitions);
  Task<bool> bring_in_one(metadata::ImagePtr image, Partition partition);

  // What failed and what is to be done about it.
  void note(Partition partition, metadata::TopicPtr topic, const Result<>& outcome);
  std::vector<Partition> due() const;
  void schedule_retry();
  Task<> retry();

  const Shard& shard_;
  LocalState& local_;
  const BrokerId self_;
  const std::vector<controller::Feature> features_;
  std::unique_ptr<metadata::ImageBuilder> builder_;
  Result<> health_;
  std::optional<Offset> wanted_;  // until something behind it comes
  metadata::ImagePtr put_by_;
  bool dirty_ = false;     // applied, not published
  bool restored_ = false;  // the builder's delta does not start from handed_
  bool started_ = false, stopping_ = false, running_ = false;
  metadata::ImagePtr handed_;  // the last image that was, or is being, brought in force
  metadata::ImagePtr published_image_;
  Watermark published_;
  // A deleted topic as a whole is under its id and partition -1.
  std::map<Partition, Failed> failed_;
  std::unique_ptr<Clock::Timer> retry_timer_;
  OneShot<bool> stopped_;
};

}  // namespace thalweg::broker
