// Decides what the cluster should be. A machine in the sense of replicated::Host: a request comes in, records to
// append, replies and timers come out; no clock, file or socket inside, so equal requests with an equal seed give equal
// records.
//
// Owner: shard 0 of the active controller; made when leadership is gained and dropped when it is lost. Hard state is
// the image that apply() builds, and apply() alone changes it. Soft state is when each broker was last heard, how far
// it has applied the log, whom the others cannot reach, and how far the partitions have been looked through.
//
// The records of one Effects are one batch, all or nothing: the host appends them, applies each at once (the next
// request has to see them) and gives the reply once everything appended so far is committed. What clients ask is
// answered yet later, when it is in force (broker/controller_service.h).
//
// A batch is bounded (batch_limit.h). A request that asks for more is refused; what follows from a broker's coming or
// going is done in as many steps as it takes (repair.h), the broker's own record first, and other requests pass
// between.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "controller/brokers.h"
#include "controller/decision.h"
#include "controller/leader_count.h"
#include "controller/progress.h"
#include "controller/random.h"
#include "controller/reachability.h"
#include "controller/repair.h"
#include "controller/sessions.h"
#include "controller/standing.h"
#include "machine/effects.h"
#include "metadata/image_builder.h"
#include "protocol/allocate_producer_ids_request.h"
#include "protocol/allocate_producer_ids_response.h"
#include "protocol/alter_configs_request.h"
#include "protocol/alter_configs_response.h"
#include "protocol/alter_partition_reassignments_request.h"
#include "protocol/alter_partition_reassignments_response.h"
#include "protocol/alter_partition_request.h"
#include "protocol/alter_partition_response.h"
#include "protocol/assign_replicas_to_dirs_request.h"
#include "protocol/assign_replicas_to_dirs_response.h"
#include "protocol/broker_heartbeat_request.h"
#include "protocol/broker_heartbeat_response.h"
#include "protocol/broker_registration_request.h"
#include "protocol/broker_registration_response.h"
#include "protocol/controller_registration_request.h"
#include "protocol/controller_registration_response.h"
#include "protocol/create_partitions_request.h"
#include "protocol/create_partitions_response.h"
#include "protocol/create_topics_request.h"
#include "protocol/create_topics_response.h"
#include "protocol/delete_topics_request.h"
#include "protocol/delete_topics_response.h"
#include "protocol/elect_leaders_request.h"
#include "protocol/elect_leaders_response.h"
#include "protocol/incremental_alter_configs_request.h"
#include "protocol/incremental_alter_configs_response.h"
#include "protocol/unregister_broker_request.h"
#include "protocol/unregister_broker_response.h"
#include "protocol/update_features_request.h"
#include "protocol/update_features_response.h"

namespace thalweg::controller {

// Evidence that the process of this registration is gone: its connection ended, and its port refused two attempts to
// connect. Whoever has the transport says so. Asked again it says that nothing was fenced; so it does below level 1 of
// thalweg.version, and of a broker about which evidence was wrong lately (sessions.h).
struct BrokerGone {
  BrokerId broker_id{kNoBroker};
  std::int64_t broker_epoch = -1;
};
struct BrokerGoneResponse {
  bool fenced = false;
  friend bool operator==(const BrokerGoneResponse&, const BrokerGoneResponse&) = default;
};

class ControllerMachine {
 public:
  using Record = metadata::Record;
  using RequestId = Strong<std::uint64_t, struct ControllerRequestIdTag>;
  using Reply = std::variant<
      protocol::CreateTopicsResponse, protocol::DeleteTopicsResponse, protocol::CreatePartitionsResponse,
      protocol::AlterConfigsResponse, protocol::IncrementalAlterConfigsResponse, protocol::ElectLeadersResponse,
      protocol::AlterPartitionReassignmentsResponse, protocol::AlterPartitionResponse,
      protocol::BrokerRegistrationResponse, protocol::BrokerHeartbeatResponse, protocol::UnregisterBrokerResponse,
      protocol::AllocateProducerIdsResponse, protocol::UpdateFeaturesResponse, protocol::AssignReplicasToDirsResponse,
      protocol::ControllerRegistrationResponse, BrokerGoneResponse>;
  // kRepair: what followed from a broker's coming or going and did not fit into its batch.
  enum class TimerKey : std::uint8_t { kSessions, kLeaderRebalance, kRepair };
  // What comes with a request besides its body.
  struct Context {
    std::int16_t version = 0;  // of the request's API
    // The index of the last entry of the log, committed or not. A registration becomes the next one, and its broker is
    // caught up when it has applied that. -1: whoever has applied anything is.
    Offset log_end = kNoOffset;
    // The index that every unfenced broker has published; nothing: their reports say it, up to a report late.
    std::optional<Offset> in_force;
    // Of a heartbeat: brokers that its sender cannot reach.
    std::vector<BrokerId> unreachable;
  };
  // When the transport of the quorum last heard each node.
  using Heard = std::map<BrokerId, Instant>;
  using Effects = machine::Effects<Record, Reply, RequestId, TimerKey>;

  // `base` is the state to start from: an image that is known already, or an empty one with the cluster's id. Brokers
  // that `heard` does not know count as heard when the machine is loaded.
  ControllerMachine(metadata::ImagePtr base, Options options, std::uint64_t seed, Heard heard = {});

  Effects on(const protocol::CreateTopicsRequest& request, Context context, RequestId id, Instant now, Timestamp wall);
  Effects on(const protocol::DeleteTopicsRequest& request, Context context, RequestId id, Instant now, Timestamp wall);
  Effects on(const protocol::CreatePartitionsRequest& request, Context context, RequestId id, Instant now,
             Timestamp wall);
  Effects on(const protocol::AlterConfigsRequest& request, Context context, RequestId id, Instant now, Timestamp wall);
  Effects on(const protocol::IncrementalAlterConfigsRequest& request, Context context, RequestId id, Instant now,
             Timestamp wall);
  Effects on(const protocol::ElectLeadersRequest& request, Context context, RequestId id, Instant now, Timestamp wall);
  Effects on(const protocol::AlterPartitionReassignmentsRequest& request, Context context, RequestId id, Instant now,
             Timestamp wall);
  Effects on(const protocol::AlterPartitionRequest& request, Context context, RequestId id, Instant now,
             Timestamp wall);
  Effects on(const protocol::BrokerRegistrationRequest& request, Context context, RequestId id, Instant now,
             Timestamp wall);
  // A broker asks to be unfenced (want_fence = false) once its own image holds its registration with this epoch.
  Effects on(const protocol::BrokerHeartbeatRequest& request, Context context, RequestId id, Instant now,
             Timestamp wall);
  Effects on(const protocol::UnregisterBrokerRequest& request, Context context, RequestId id, Instant now,
             Timestamp wall);
  Effects on(const protocol::AllocateProducerIdsRequest& request, Context context, RequestId id, Instant now,
             Timestamp wall);
  Effects on(const protocol::UpdateFeaturesRequest& request, Context context, RequestId id, Instant now,
             Timestamp wall);
  Effects on(const protocol::AssignReplicasToDirsRequest& request, Context context, RequestId id, Instant now,
             Timestamp wall);
  Effects on(const protocol::ControllerRegistrationRequest& request, Context context, RequestId id, Instant now,
             Timestamp wall);
  Effects on(const BrokerGone& evidence, Context context, RequestId id, Instant now, Timestamp wall);

  Effects on_timer(TimerKey key, Instant now, Timestamp wall);
  // Once, when everything known has been applied. A new cluster gets its first records: the finalized feature levels.
  // Every unfenced broker's session goes on from when the transport last heard it, else it begins now: a node that died
  // as controller and as leader is not waited for twice.
  Effects on_loaded(Instant now, Timestamp wall);

  // CHECKs that the record fits: whoever appended it decided by this very state.
  void apply(const Record& record);
  // The step just made was refused by the journal: it never happened. REQUIRES: it appends.
  void undo();
  const metadata::Image& image() const { return state_.current(); }

 private:
  // What a step may change although its records are refused.
  struct SoftState {
    Random random;
    Sessions sessions;
    Progress progress;
    Reachability reachability;
    std::optional<Cursor> repair;  // where to look on; nothing: from the beginning
    Cursor rebalance;
  };

  std::int64_t next_broker_epoch() const;
  bool quick() const;  // brokers report quickly, so that silence is told early
  Standing standing() const { return Standing(image(), &soft_.reachability.avoided()); }
  Reported reported(const Progress::Beat& beat, const Context& context, Instant now) const;
  void on_report(const Progress::Beat& beat, const std::vector<BrokerId>& unreachable, bool unfenced, Instant now);
  // To be called before soft state changes in a step that appends.
  void keep_for_undo(const Effects& effects);
  template <class Response>
  Effects about_broker(BrokerDecision<Response> decision, RequestId id, Instant now);
  void look_on(Effects& effects, std::optional<Cursor> rest, Instant now);
  void look_again_at_sessions(Effects& effects, Instant now);
  Effects fence_silent_broker(Instant now);
  Effects repair_step(Instant now);
  Effects rebalance_step(Instant now);

  metadata::ImageBuilder state_;
  const Options options_;
  const Heard heard_;
  LeaderCount leaders_;
  std::int64_t newest_broker_epoch_ = -1;
  SoftState soft_;
  std::optional<SoftState> before_;  // the step that appends and is not applied yet
};

}  // namespace thalweg::controller
