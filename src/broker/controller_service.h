// The controller on this node: the machine's host while this node leads the metadata quorum.
//
// When it answers. What brokers ask (registrations, heartbeats, ids, AlterPartition) is answered once it is committed:
// the image tells them the rest. What clients ask is answered once it is in force: on this node, and on every unfenced
// broker, for which it waits no longer than InForce::kPatience.
//
// Owner: shard 0; others ask through a ControllerLink (broker/ask_controller.h).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "broker/describe_quorum.h"
#include "broker/in_force.h"
#include "broker/quorum_journal.h"
#include "broker/raft_voter_changes.h"
#include "config/broker_config.h"
#include "controller/controller_machine.h"
#include "raft/quorum.h"
#include "replicated/host.h"
#include "runtime/shard.h"

namespace thalweg::broker {

class ControllerService {
 public:
  ControllerService(const Shard& shard, const config::BrokerConfig& config, raft::Quorum& quorum,
                    MetadataPublisher& publisher);

  // Follows the quorum's leadership from now on.
  void start();
  // Takes the machine out of service; what waits is answered kNotController.
  void stop();

  // kNotController when this node does not lead, or ceased to before the outcome was committed.
  template <class Response, class Request>
  Task<Result<Response>> handle(Request request, std::int16_t version) {
    const auto reported = published_by(request);
    const BrokerId leaving = leaving_by(request);
    auto response = co_await host_.template handle<Response>(
        std::move(request), controller::ControllerMachine::Context{.version = version, .log_end = journal_->end()});
    if (!response) co_return response;
    if constexpr (kIsOfBrokers<Request>) {
      if (reported && response->error_code == ErrorCode::kNone) on_published(reported->first, reported->second);
    } else {
      if constexpr (std::is_same_v<Request, protocol::UnregisterBrokerRequest>)
        if (response->error_code == ErrorCode::kNone) spawn(shard_, voters_.removed(leaving));
      co_await in_force();
    }
    co_return response;
  }

  // The quorum as its leader sees it. kNotController when this node does not lead, or cannot make sure that it does.
  Task<Result<protocol::DescribeQuorumResponse>> describe_quorum(protocol::DescribeQuorumRequest request);

  // Who votes, because somebody asks for it: see RaftVoterChanges. kNotController as above.
  Task<Result<protocol::AddRaftVoterResponse>> add_raft_voter(protocol::AddRaftVoterRequest request) {
    return voters_.add(std::move(request), cluster_id());
  }
  Task<Result<protocol::RemoveRaftVoterResponse>> remove_raft_voter(protocol::RemoveRaftVoterRequest request) {
    return voters_.remove(std::move(request), cluster_id());
  }

  // A voter's new addresses. Answers also where this node does not lead, with who does.
  Task<Result<protocol::UpdateRaftVoterResponse>> update_raft_voter(protocol::UpdateRaftVoterRequest request) {
    return voters_.update(std::move(request), cluster_id());
  }

  // The process of this registration is gone: it is fenced at once, if the controller believes that
  // (ControllerMachine). Nobody waits for it; while the machine is loaded it is tried again.
  void broker_gone(BrokerId broker, std::int64_t epoch);

  // The broker shows this index of the metadata log to its clients. From its heartbeats, and from whatever else tells.
  void on_published(BrokerId broker, Offset index);

 private:
  template <class Request>
  static constexpr bool kIsOfBrokers = std::is_same_v<Request, protocol::BrokerRegistrationRequest> ||
                                       std::is_same_v<Request, protocol::BrokerHeartbeatRequest> ||
                                       std::is_same_v<Request, protocol::AllocateProducerIdsRequest> ||
                                       std::is_same_v<Request, protocol::AlterPartitionRequest> ||
                                       std::is_same_v<Request, protocol::AssignReplicasToDirsRequest> ||
                                       std::is_same_v<Request, protocol::ControllerRegistrationRequest>;
  template <class Request>
  static std::optional<std::pair<BrokerId, Offset>> published_by(const Request& request) {
    if constexpr (std::is_same_v<Request, protocol::BrokerHeartbeatRequest>)
      return std::pair(request.broker_id, request.current_metadata_offset);
    else
      return std::nullopt;
  }
  template <class Request>
  static BrokerId leaving_by(const Request& request) {
    if constexpr (std::is_same_v<Request, protocol::UnregisterBrokerRequest>)
      return request.broker_id;
    else
      return kNoBroker;
  }
  std::string cluster_id() const;
  void on_leadership(raft::Leadership leadership);
  Task<> hand_over();
  Task<> in_force();
  Task<> report_gone(BrokerId broker, std::int64_t epoch);
  void look_again();

  const Shard& shard_;
  const config::BrokerConfig& config_;
  raft::Quorum& quorum_;
  MetadataPublisher& publisher_;
  const std::shared_ptr<QuorumJournal> journal_;
  replicated::Host<controller::ControllerMachine, QuorumJournal> host_;
  RaftVoterChanges voters_;
  LeaderEpoch epoch_{-1};
  InForce others_;
  std::multimap<Offset, OneShot<bool>> waiting_;  // for an index to be in force elsewhere
};

}  // namespace thalweg::broker
