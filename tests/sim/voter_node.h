// One voter: what runs on its machine in one life, and the wire that joins it to the others.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/broker_lifecycle.h"
#include "broker/controller_link.h"
#include "broker/controller_service.h"
#include "broker/local_state.h"
#include "broker/metadata_publisher.h"
#include "config/broker_config.h"
#include "raft/quorum.h"
#include "sim/world.h"

namespace thalweg::simulation {

class Voter;

// What goes wrong between and on the voters.
struct VoterFaults {
  std::uint64_t lost_one_in = 0, twice_one_in = 0;
  Instant delay_max = std::chrono::milliseconds(2);
  std::uint64_t open_fails_one_in = 0;
};

// The voters, the wire between them, and what all of them showed.
class Voters {
 public:
  Voters(sim::World& world, int count);

  sim::World& world() { return world_; }
  int count() const { return static_cast<int>(nodes_.size()); }
  sim::Node& node(int voter) { return *nodes_[std::size_t(voter)]; }
  // Null while it is down.
  Voter* at(int voter);
  // Whose controller serves, or -1.
  int leader();

  VoterFaults faults;
  std::set<std::pair<int, int>> cut;  // from, to
  std::uint64_t snapshot_after_bytes = 4000;

  // Runs `deliver` on the voter's shard after a while, unless it gets lost or the voter is down then.
  void send(int from, int to, std::function<void(Voter&)> deliver);
  Instant delay();
  bool lost() { return world_.simulation.one_in(faults.lost_one_in); }

  void violation(std::string what);
  const std::vector<std::string>& violations() const { return violations_; }
  // Equal indexes give equal images, on every node and in every life.
  void shown(int voter, const metadata::ImagePtr& image);

  int restores = 0;
  std::set<std::int32_t> epochs_led;

 private:
  sim::World& world_;
  std::vector<sim::Node*> nodes_;
  std::vector<std::string> violations_;
  std::map<std::int64_t, metadata::ImagePtr> images_;
};

// Asks the controller of another machine: the link over a network in miniature.
class WireLink : public broker::ControllerLink {
 public:
  // `target`: whom to ask now; -1 for nobody.
  WireLink(Voters& voters, const Shard& shard, int from, std::function<int()> target)
      : voters_(voters), shard_(shard), from_(from), target_(std::move(target)) {}

  Task<Result<Reply>> ask_once(Request request, std::int16_t version, Instant deadline) override;

 protected:
  Clock& clock() override { return shard_.clock; }

 private:
  Voters& voters_;
  const Shard& shard_;
  const int from_;
  const std::function<int()> target_;
};

// Logs are names here. As in a LogManager, one of a name is in the way of another topic's.
class SimulatedState : public broker::LocalState {
 public:
  SimulatedState(Voters& voters, const Shard& shard, int voter) : voters_(voters), shard_(shard), voter_(voter) {}

  Task<Result<>> host(metadata::ImagePtr image, metadata::TopicPtr topic, PartitionId partition) override;
  Task<Result<>> drop(metadata::TopicPtr topic, PartitionId partition) override;
  Task<Result<>> remove_topic(metadata::TopicPtr topic) override;
  Task<> configure(metadata::ImagePtr image, metadata::TopicPtr topic) override;
  Task<> configure_broker(metadata::ImagePtr) override { co_return; }
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

class Voter : public raft::Transport {
 public:
  Voter(Voters& voters, sim::Node& node, int id);
  void send(raft::PeerMessage message) override;
  void receive(int from, SharedBytes body, SharedBytes image);

  Voters& voters;
  const Shard& shard;
  const int id;
  const config::BrokerConfig config;
  SimulatedState state;
  broker::MetadataPublisher publisher;
  raft::Quorum quorum;
  std::optional<broker::ControllerService> service;
  std::optional<broker::LocalControllerLink> controller;  // the one of this node
  WireLink link;                                          // to the one of whichever node leads
  std::optional<broker::BrokerLifecycle> lifecycle;
  bool serving = false;
  std::optional<Error> start_error;

 private:
  static Task<> run(Voter* self);
};

}  // namespace thalweg::simulation
