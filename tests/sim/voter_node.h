// One voter: what runs on its machine in one life.
#pragma once

#include <optional>

#include "broker/broker_lifecycle.h"
#include "broker/controller_link.h"
#include "broker/controller_service.h"
#include "broker/metadata_publisher.h"
#include "config/broker_config.h"
#include "raft/quorum.h"
#include "voter_state.h"
#include "voter_wire.h"

namespace thalweg::simulation {

class Voter : public raft::Transport {
 public:
  Voter(Voters& voters, sim::Node& node, int id);
  void send(raft::PeerMessage message) override;
  void receive(int from, SharedBytes body, SharedBytes image);
  // What this node's controller has said to somebody.
  void answered(const Result<broker::ControllerLink::Reply>& answer);
  static Uuid directory_of(int voter) { return {9, std::uint64_t(voter) + 1}; }
  // A clean stop as far as the others see it: what is led here moves away. The machine is switched off afterwards.
  void leave();

  Voters& voters;
  const Shard& shard;
  const int id;
  const config::BrokerConfig config;
  SimulatedState state;
  broker::MetadataPublisher publisher;

  // The publisher as the quorum sees it, and how often snapshots come and go.
  class Watched : public raft::StateMachine {
   public:
    explicit Watched(Voter& voter) : voter_(voter) {}
    void apply(Offset index, LeaderEpoch epoch, BytesView records) override;
    Task<Result<SharedBytes>> snapshot() override;
    Result<> restore(Offset index, SharedBytes image) override;

   private:
    Voter& voter_;
  } machine{*this};

  raft::Quorum quorum;
  std::optional<broker::ControllerService> service;
  std::optional<broker::LocalControllerLink> controller;  // the one of this node
  WireLink link;                                          // to the one of whichever node leads
  std::optional<broker::BrokerLifecycle> lifecycle;
  bool serving = false;
  std::optional<Error> start_error;

 private:
  LeaderEpoch served_{-1};  // the last epoch in which the controller served here
  bool gone_ = false;       // somebody was told to look elsewhere since
  static Task<> run(Voter* self);
  static Task<> write_down_disks(Voter* self, LeaderEpoch epoch);
  static Task<> hand_over(Voter* self);
  static Task<Result<>> remember(Voter* self, std::int64_t epoch);
};

}  // namespace thalweg::simulation
