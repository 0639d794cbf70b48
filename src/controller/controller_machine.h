// Decides what the cluster should be. A machine in the sense of replicated::Host: a request comes in, records to
// append, replies and timers come out; no clock, file or socket inside, so equal requests with an equal seed give equal
// records.
//
// Owner: shard 0 of the active controller; made when leadership is gained and dropped when it is lost. Hard state is
// the image that apply() builds, and apply() alone changes it. Soft state is when each broker was last heard.
//
// The records of one Effects are one batch, all or nothing: the host appends them, applies each at once (the next
// request has to see them) and gives the reply once everything appended so far is committed. What clients ask is
// answered yet later, when it is in force (broker/controller_service.h).
//
// A batch is bounded (batch_limit.h). A request that asks for more is refused; what follows from a broker's coming or
// going is done in as many batches as it takes, the broker's own record first.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/time.h"
#include "controller/decision.h"
#include "controller/random.h"
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
#include "protocol/broker_heartbeat_request.h"
#include "protocol/broker_heartbeat_response.h"
#include "protocol/broker_registration_request.h"
#include "protocol/broker_registration_response.h"
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

class ControllerMachine {
 public:
  using Record = metadata::Record;
  using RequestId = Strong<std::uint64_t, struct ControllerRequestIdTag>;
  using Reply =
      std::variant<protocol::CreateTopicsResponse, protocol::DeleteTopicsResponse, protocol::CreatePartitionsResponse,
                   protocol::AlterConfigsResponse, protocol::IncrementalAlterConfigsResponse,
                   protocol::ElectLeadersResponse, protocol::AlterPartitionReassignmentsResponse,
                   protocol::AlterPartitionResponse, protocol::BrokerRegistrationResponse,
                   protocol::BrokerHeartbeatResponse, protocol::UnregisterBrokerResponse,
                   protocol::AllocateProducerIdsResponse, protocol::UpdateFeaturesResponse>;
  // kRepair: what followed from a broker's coming or going and did not fit into its batch.
  enum class TimerKey : std::uint8_t { kSessions, kLeaderRebalance, kRepair };
  // What comes with a request besides its body.
  struct Context {
    std::int16_t version = 0;  // of the request's API
  };
  using Effects = machine::Effects<Record, Reply, RequestId, TimerKey>;

  // `base` is the state to start from: an image that is known already, or an empty one with the cluster's id.
  ControllerMachine(metadata::ImagePtr base, Options options, std::uint64_t seed);

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

  Effects on_timer(TimerKey key, Instant now, Timestamp wall);
  // Once, when everything known has been applied. A new cluster gets its first records: the finalized feature levels.
  // Every unfenced broker gets a whole session, so that nobody is fenced for an election of the controller.
  Effects on_loaded(Instant now, Timestamp wall);

  // CHECKs that the record fits: whoever appended it decided by this very state.
  void apply(const Record& record);
  // The step just made was refused by the journal: it never happened. REQUIRES: it appends.
  void undo();
  const metadata::Image& image() const { return state_.current(); }

 private:
  std::int64_t next_broker_epoch() const;
  Effects fence_silent_brokers(Instant now);
  // What a step may change although its records are refused.
  struct SoftState {
    Random random;
    std::map<BrokerId, Instant> last_contact;
  };
  SoftState soft_state() const { return {random_, last_contact_}; }
  Effects undoable(Effects effects, SoftState before);
  Effects repair_step(Instant now);

  metadata::ImageBuilder state_;
  const Options options_;
  Random random_;
  std::int64_t newest_broker_epoch_ = -1;
  std::map<BrokerId, Instant> last_contact_;  // of unfenced brokers
  std::optional<SoftState> before_;           // the step that appends and is not applied yet
};

}  // namespace thalweg::controller
