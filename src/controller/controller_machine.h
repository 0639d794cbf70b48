// Decides what the cluster should be. A machine: a request comes in, records to append and a reply come out; no clock, file
// or socket inside, so the same requests with the same seed give the same records.
//
// Owner: shard 0 of the active controller; made from the committed image when leadership is gained, dropped when it is lost.
// Hard state is the image that apply() builds, and apply() alone changes it. Soft state is when each broker was last heard.
//
// The host calls on(), then apply() with the records at once (the next request has to see them), then proposes them as one
// batch and gives the reply when everything appended so far is committed. If a proposal fails, it drops the machine.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "config/broker_config.h"
#include "controller/random.h"
#include "metadata/image_builder.h"
#include "protocol/allocate_producer_ids_request.h"
#include "protocol/allocate_producer_ids_response.h"
#include "protocol/alter_configs_request.h"
#include "protocol/alter_configs_response.h"
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

namespace thalweg::controller {

using metadata::Record;

template <class Response>
struct Effects {
  std::vector<Record> append;  // one batch, all or nothing; often empty
  Response reply;              // given once everything this step has seen is committed
};

struct Options {
  std::int32_t num_partitions = 1;              // num.partitions
  std::int16_t default_replication_factor = 1;  // default.replication.factor
  bool delete_topic_enable = true;              // delete.topic.enable
  Millis broker_session_timeout{9000};          // broker.session.timeout.ms
  config::Properties static_configs;            // this node's file: what a topic inherits in the reply of CreateTopics

  static Options from(const config::BrokerConfig& config);
};

class ControllerMachine {
 public:
  // All registered brokers get a full session from `now` on, so that a new controller fences nobody for its own election.
  ControllerMachine(metadata::ImagePtr image, Options options, std::uint64_t seed, Instant now);

  // The first records of a new cluster: finalized feature levels. The quorum's first leader appends them when the image is
  // empty (features() is).
  static std::vector<Record> bootstrap_records();

  Effects<protocol::CreateTopicsResponse> on(const protocol::CreateTopicsRequest& request, std::int16_t version);
  Effects<protocol::DeleteTopicsResponse> on(const protocol::DeleteTopicsRequest& request, std::int16_t version);
  Effects<protocol::CreatePartitionsResponse> on(const protocol::CreatePartitionsRequest& request);
  Effects<protocol::AlterConfigsResponse> on(const protocol::AlterConfigsRequest& request);
  Effects<protocol::IncrementalAlterConfigsResponse> on(const protocol::IncrementalAlterConfigsRequest& request);
  Effects<protocol::ElectLeadersResponse> on(const protocol::ElectLeadersRequest& request, std::int16_t version);
  Effects<protocol::AlterPartitionResponse> on(const protocol::AlterPartitionRequest& request, std::int16_t version);

  Effects<protocol::BrokerRegistrationResponse> on(const protocol::BrokerRegistrationRequest& request, Instant now);
  // A broker asks to be unfenced (want_fence = false) once its image holds its own registration.
  Effects<protocol::BrokerHeartbeatResponse> on(const protocol::BrokerHeartbeatRequest& request, Instant now);
  Effects<protocol::UnregisterBrokerResponse> on(const protocol::UnregisterBrokerRequest& request);
  Effects<protocol::AllocateProducerIdsResponse> on(const protocol::AllocateProducerIdsRequest& request);

  // Fences brokers whose session ended. Call it at next_deadline(), or every second.
  std::vector<Record> on_tick(Instant now);
  std::optional<Instant> next_deadline() const;
  // Gives leadership back to preferred replicas that are in sync; call it every leader.imbalance.check.interval.seconds.
  std::vector<Record> rebalance_leaders();

  // What was appended becomes the state. CHECKs that the records fit: they are our own.
  void apply(const std::vector<Record>& records);
  const metadata::Image& image() const { return state_.current(); }

 private:
  std::int64_t next_broker_epoch() const;

  metadata::ImageBuilder state_;
  const Options options_;
  Random random_;
  std::int64_t batches_ = 0;                  // applied since the machine was made
  std::map<BrokerId, Instant> last_contact_;  // brokers that are not fenced
};

}  // namespace thalweg::controller
