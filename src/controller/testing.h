// A controller in a test: a machine hosted by a log that commits at once, and short ways to ask it things.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/controller_machine.h"
#include "controller/features.h"

namespace thalweg::controller::testing {

// Where a broker keeps its logs, unless a test says otherwise.
inline Uuid disk(int id) { return {5, static_cast<std::uint64_t>(id)}; }

// As a broker of this release registers.
inline protocol::BrokerRegistrationRequest registration(int id, Uuid incarnation, std::vector<Uuid> directories = {}) {
  protocol::BrokerRegistrationRequest request;
  request.broker_id = BrokerId{id};
  request.cluster_id = "cluster";
  request.incarnation_id = incarnation;
  request.listeners.push_back({"PLAINTEXT", "host" + std::to_string(id), 9092, 0});
  for (const auto& feature : supported_features())
    request.features.push_back({std::string(feature.name), feature.min, feature.max});
  request.log_dirs = directories.empty() ? std::vector{disk(id)} : std::move(directories);
  return request;
}

class Controller {
 public:
  explicit Controller(Options options = {}, std::uint64_t seed = 1) : options_(std::move(options)), seed_(seed) {
    fail_over();
  }

  // Another controller takes over: it knows the log, and nothing else.
  void fail_over() {
    timers_.clear();
    machine_ =
        std::make_unique<ControllerMachine>(std::make_shared<const metadata::Image>("cluster"), options_, seed_, heard);
    for (const auto& record : log_) machine_->apply(record);
    perform(machine_->on_loaded(now_, 0));
  }

  // Applies what the machine appends and gives its reply.
  template <class Response, class Request>
  Response ask(const Request& request, std::int16_t version) {
    ControllerMachine::Context context;
    context.version = version;
    return ask_with<Response>(request, std::move(context));
  }
  template <class Response, class Request>
  Response ask(const Request& request) {
    if constexpr (requires { Request::kMaxVersion; })
      return ask<Response>(request, Request::kMaxVersion);
    else
      return ask<Response>(request, 0);
  }
  template <class Response, class Request>
  Response ask_with(const Request& request, ControllerMachine::Context context) {
    context.log_end = log_end();
    auto effects = machine_->on(request, std::move(context), {++last_request_}, now_, 0);
    EXPECT_EQ(effects.replies.size(), 1u);
    auto reply = std::move(effects.replies.front().reply);
    perform(std::move(effects));
    return std::get<Response>(std::move(reply));
  }
  // The index of the last entry of the log; one batch is one entry.
  Offset log_end() const { return Offset{static_cast<std::int64_t>(batches_.size()) - 1}; }

  // Registers a broker and lets it report until it is unfenced; gives its epoch.
  std::int64_t start_broker(int id, std::optional<std::string> rack = {}, Uuid incarnation = {7, 7},
                            std::vector<Uuid> directories = {}) {
    auto request = registration(id, incarnation, std::move(directories));
    request.rack = std::move(rack);
    const auto registered = ask<protocol::BrokerRegistrationResponse>(request);
    EXPECT_EQ(registered.error_code, ErrorCode::kNone);
    heartbeat(id);
    return registered.broker_epoch;
  }
  // Of a broker that has applied the metadata up to there.
  protocol::BrokerHeartbeatRequest beat(int id, Offset applied) {
    protocol::BrokerHeartbeatRequest request;
    request.broker_id = BrokerId{id};
    request.broker_epoch = image().broker(BrokerId{id})->epoch;
    request.current_metadata_offset = applied;
    return request;
  }
  protocol::BrokerHeartbeatResponse heartbeat(int id, bool want_fence = false, bool want_shut_down = false) {
    auto request = beat(id, log_end());
    request.want_fence = want_fence;
    request.want_shut_down = want_shut_down;
    return ask<protocol::BrokerHeartbeatResponse>(request);
  }

  ErrorCode unregister(int id) {
    protocol::UnregisterBrokerRequest request;
    request.broker_id = BrokerId{id};
    return ask<protocol::UnregisterBrokerResponse>(request).error_code;
  }

  protocol::CreateTopicsResponse::CreatableTopicResult create(const std::string& name, int partitions = 1,
                                                              int replicas = 1) {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = name;
    topic.num_partitions = partitions;
    topic.replication_factor = static_cast<std::int16_t>(replicas);
    return ask<protocol::CreateTopicsResponse>(request).topics.front();
  }

  // What the leader of a partition asks for when these are in sync, whichever processes of them.
  protocol::AlterPartitionRequest alteration(const std::string& topic, int id, const std::vector<BrokerId>& isr) const {
    const auto& now = partition(topic, id);
    protocol::AlterPartitionRequest request;
    request.broker_id = now.leader;
    if (const auto* leader = image().broker(now.leader)) request.broker_epoch = leader->epoch;
    auto& wanted = request.topics.emplace_back();
    wanted.topic_id = image().topic(std::string_view(topic))->id;
    auto& entry = wanted.partitions.emplace_back();
    entry.partition_index = PartitionId{id};
    entry.leader_epoch = now.leader_epoch;
    entry.partition_epoch = now.partition_epoch;
    for (const auto replica : isr) entry.new_isr_with_epochs.push_back({replica, -1});
    return request;
  }
  auto alter(const protocol::AlterPartitionRequest& request) {
    return ask<protocol::AlterPartitionResponse>(request).topics.at(0).partitions.at(0);
  }

  // Moves time on and fires the timers that are due, unless they are held back.
  void advance(Millis by, bool fire = true) {
    now_ += by;
    while (fire && fire_one()) {
    }
  }

  // One look at the next timer alone; false when none is due.
  bool fire_one() {
    for (auto& [key, at] : timers_) {
      if (!at || *at > now_) continue;
      at.reset();
      perform(machine_->on_timer(key, now_, 0));
      return true;
    }
    return false;
  }
  ErrorCode finalize(std::string feature, std::int16_t level) {
    protocol::UpdateFeaturesRequest request;
    request.feature_updates.push_back({.feature = std::move(feature), .max_version_level = level});
    return ask<protocol::UpdateFeaturesResponse>(request).error_code;
  }
  // From here on as a cluster that was founded below thalweg.version 1: everybody has a whole session, and is believed.
  void slow_down() {
    protocol::UpdateFeaturesRequest request;
    request.feature_updates.push_back({.feature = std::string(kThalwegFeature), .upgrade_type = 2});
    EXPECT_EQ(ask<protocol::UpdateFeaturesResponse>(request).error_code, ErrorCode::kNone);
  }
  Instant now() const { return now_; }
  ControllerMachine::Heard heard;  // what the transport tells the next controller

  const metadata::Image& image() const { return machine_->image(); }
  const metadata::Partition& partition(const std::string& topic, int id) const {
    return *image().partition(topic, PartitionId{id});
  }
  // A record that is in the log, whoever wrote it.
  void append(Record record) { perform({.append = {std::move(record)}}); }
  // Everything ever appended.
  const std::vector<Record>& log() const { return log_; }
  struct Batch {
    std::size_t records = 0, bytes = 0;
  };
  const std::vector<Batch>& batches() const { return batches_; }

 private:
  void perform(ControllerMachine::Effects effects) {
    if (!effects.append.empty())
      batches_.push_back({effects.append.size(), metadata::encode_records(effects.append).size()});
    for (auto& record : effects.append) {
      machine_->apply(record);
      log_.push_back(std::move(record));
    }
    for (const auto& change : effects.timers) timers_[change.key] = change.at;
  }

  const Options options_;
  const std::uint64_t seed_;
  std::unique_ptr<ControllerMachine> machine_;
  std::map<ControllerMachine::TimerKey, std::optional<Instant>> timers_;
  std::vector<Record> log_;
  std::vector<Batch> batches_;
  Instant now_{std::chrono::hours(1)};
  std::uint64_t last_request_ = 0;
};

inline std::vector<BrokerId> ids(std::initializer_list<int> values) {
  std::vector<BrokerId> ids;
  for (const int v : values) ids.push_back(BrokerId{v});
  return ids;
}

}  // namespace thalweg::controller::testing
