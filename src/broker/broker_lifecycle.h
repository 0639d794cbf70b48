// A broker's life as the controller sees it. LifecycleMachine decides; this class sees how the process is, asks through
// a ControllerLink, and tells the answers. So it does not matter on which node the controller runs, nor whether this
// node is a voter of the quorum at all. While metadata cannot be applied here (MetadataPublisher::health) it asks to be
// fenced.
//
//   start():  what is known so far is in force here → register → my registration is in my image, and all that the logs
//             have lost is in it → unfenced
//   leave():  heartbeats that want to shut down, until the controller has moved what this broker leads
//
// Owner: shard 0.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/controller_link.h"
#include "broker/lifecycle_machine.h"
#include "broker/metadata_publisher.h"
#include "broker/shard_pings.h"
#include "config/broker_config.h"
#include "runtime/shard.h"

namespace thalweg::broker {

class BrokerLifecycle {
 public:
  using State = LifecycleMachine::State;

  // All outlive the lifecycle; leave() or stop() first.
  BrokerLifecycle(const Shard& shard, const config::BrokerConfig& config, ControllerLink& link,
                  MetadataPublisher& publisher);

  using DamagedReplica = protocol::BrokerRegistrationRequest::Damaged;

  // What only some have; before start().
  struct Process {
    std::vector<const Shard*> shards;  // that a beat vouches for; they outlive the lifecycle
    // The epoch since which the logs that are open have lost nothing, or -1; asked until this broker is unfenced.
    std::function<std::int64_t()> previous_epoch = [] { return std::int64_t{-1}; };
    // Of which partitions the logs that are open lack records that they had; asked until this broker is unfenced.
    std::function<std::vector<DamagedReplica>()> damaged = [] { return std::vector<DamagedReplica>(); };
    // The controller has all of them written down; called before the broker is unfenced.
    std::function<Task<Result<>>()> damage_is_told;
    // Called with each epoch that the controller gives, before the broker is unfenced.
    std::function<Task<Result<>>(std::int64_t)> remember_epoch;
    // Nothing of the metadata log comes to disk, so this broker goes by what it knew before, like one that hangs.
    std::function<bool()> metadata_stands_still = [] { return false; };
    // No controller has answered for a while, or one has again.
    std::function<void(bool)> isolated = [](bool) {};
    // After each beat: until when nobody else can lead what is led here (LifecycleMachine::sure_until).
    std::function<void(Instant)> sure_until = [](Instant) {};
  };
  void of(Process process) { process_ = std::move(process); }

  // Returns once this broker is registered, unfenced and shows the cluster as it is. Fails when that does not happen
  // within initial.broker.registration.timeout.ms, when the controller refuses this broker, or when metadata cannot be
  // applied.
  Task<Result<>> start(std::vector<Uuid> log_dirs);
  // Controlled shutdown. True once nothing is led here any more, or the controller does not know this broker any more;
  // false at the deadline, and when it is given up. At once where no other broker
  // could lead, and where controlled.shutdown.enable is false.
  Task<bool> leave(Instant deadline);
  // There will be no controller: leave() ends, and says so.
  void give_up_leaving();
  // No more heartbeats.
  void stop();

  // -1 until registered.
  std::int64_t epoch() const { return machine_.epoch(); }
  State state() const { return machine_.state(); }

 private:
  protocol::BrokerRegistrationRequest registration(std::vector<Uuid> log_dirs) const;
  LifecycleMachine::Health health();
  bool image_has_me() const;
  void claim_losses();
  bool losses_told() const;
  Task<Result<>> keep(std::int64_t epoch);
  // Goes on until unfenced, drained or over, or the deadline.
  Task<> settle(Instant deadline);
  bool others_could_lead() const;
  Task<Result<>> recover(Instant deadline);
  Error why_not_started() const;

  void tick();
  void tick_when_something_is_published();
  Task<> enroll();
  Task<> beat(LifecycleMachine::Beat wish);
  void note_state();
  Result<> refused(ErrorCode code, const char* what) const;

  const Shard& shard_;
  const config::BrokerConfig& config_;
  ControllerLink& link_;
  MetadataPublisher& publisher_;
  const Uuid incarnation_;
  Process process_;
  ShardPings pings_;
  LifecycleMachine machine_;
  protocol::BrokerRegistrationRequest registration_;
  State noted_ = State::kRecovering;
  std::optional<ErrorCode> failing_;  // what the last heartbeat met
  bool stopping_ = false;
  std::optional<OneShot<bool>> settled_;  // who waits in start() or leave(): unfenced, drained, or over
  std::unique_ptr<Clock::Timer> timer_;
  std::unique_ptr<Watermark::Registration> published_;
};

}  // namespace thalweg::broker
