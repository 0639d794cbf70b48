// A broker's life as the controller sees it: it registers, waits until its own image holds the registration, reports
// until it is unfenced, keeps its session alive, and hands over what it leads before it goes.
//
//   start():  register → my registration is in my image → heartbeats until unfenced → a heartbeat each interval
//   leave():  heartbeats that want to shut down, until the controller has moved what this broker leads
//
// It asks through a ControllerLink, so it does not matter on which node the controller runs, nor whether this node is a
// voter of the quorum at all. While metadata cannot be applied here (MetadataPublisher::health) it asks to be fenced.
//
// Owner: shard 0.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "broker/controller_link.h"
#include "broker/metadata_publisher.h"
#include "config/broker_config.h"
#include "runtime/shard.h"

namespace thalweg::broker {

class BrokerLifecycle {
 public:
  // All outlive the lifecycle; leave() or stop() first.
  BrokerLifecycle(const Shard& shard, const config::BrokerConfig& config, ControllerLink& link,
                  MetadataPublisher& publisher);

  // Returns once this broker is registered, unfenced and shows the cluster as it is. Fails when that does not happen
  // within initial.broker.registration.timeout.ms, when the controller refuses this broker, or when metadata cannot be
  // applied.
  Task<Result<>> start(std::vector<Uuid> log_dirs);
  // Controlled shutdown. True once nothing is led here any more; false at the deadline. At once where no other broker
  // could lead, and where controlled.shutdown.enable is false.
  Task<bool> leave(Instant deadline);
  // No more heartbeats.
  void stop();

  // -1 until registered.
  std::int64_t epoch() const { return epoch_; }

 private:
  enum class Wish { kServe, kFence, kShutDown };

  protocol::BrokerRegistrationRequest registration(std::vector<Uuid> log_dirs) const;
  Task<Result<>> enroll(protocol::BrokerRegistrationRequest request, Instant deadline);
  bool image_has_me() const;
  Task<Result<>> catch_up(Instant deadline);
  Task<Result<>> unfence(Instant deadline);
  Task<Result<protocol::BrokerHeartbeatResponse>> report(Wish wish, Instant deadline);
  bool others_could_lead() const;
  void beat();
  Task<> beat_once();

  const Shard& shard_;
  const config::BrokerConfig& config_;
  ControllerLink& link_;
  MetadataPublisher& publisher_;
  const Uuid incarnation_;
  std::int64_t epoch_ = -1;
  bool stopping_ = false;
  bool leaving_ = false;
  std::unique_ptr<Clock::Timer> timer_;
};

}  // namespace thalweg::broker
