// What a voter opens and shows, in miniature: logs are names. As in a LogManager, one of a name is in the way of
// another topic's.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "broker/local_state.h"
#include "voter_wire.h"

namespace thalweg::simulation {

class SimulatedState : public broker::LocalState {
 public:
  SimulatedState(Voters& voters, const Shard& shard, int voter) : voters_(voters), shard_(shard), voter_(voter) {}

  Task<Result<>> host(metadata::ImagePtr image, metadata::TopicPtr topic, PartitionId partition) override;
  Task<Result<>> drop(metadata::TopicPtr topic, PartitionId partition) override;
  Task<Result<>> remove_topic(metadata::TopicPtr topic) override;
  Task<> configure(metadata::ImagePtr image, metadata::TopicPtr topic) override;
  Task<bool> configure_broker(metadata::ImagePtr) override { co_return false; }
  Task<> show(metadata::ImagePtr image) override;

  // What is open and should not be, or the other way round; empty if all is as the shown image says.
  std::string difference() const;
  const metadata::ImagePtr& image() const { return image_; }

 private:
  struct Log {
    Uuid topic;
    metadata::Partition state;
    std::string retention;
  };
  Task<> work();
  static std::string retention_of(const metadata::Image& image, const std::string& topic);

  Voters& voters_;
  const Shard& shard_;
  const int voter_;
  std::map<std::pair<std::string, PartitionId>, Log> open_;
  metadata::ImagePtr image_;
};

}  // namespace thalweg::simulation
