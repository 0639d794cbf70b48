// What machine/machine.h promises, held against every machine with random requests: equal inputs give equal outputs, a
// refused step never happened, replaying the records gives the same hard state, replies name requests that wait.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include "base/log.h"
#include "controller/controller_machine.h"
#include "controller/features.h"
#include "group/group_machine.h"
#include "registry/registry_machine.h"
#include "transaction/transaction_machine.h"

namespace thalweg::broker {
namespace {

using namespace std::chrono_literals;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  int below(int n) { return static_cast<int>(random_() % static_cast<std::uint64_t>(n)); }
  bool one_in(int n) { return below(n) == 0; }

 private:
  std::mt19937_64 random_;
};

// One step, to be made with any machine of the kind.
template <class M>
using StepOf = std::function<typename M::Effects(M&, typename M::RequestId, Instant now)>;

template <class M, class Request>
StepOf<M> asking(Request request, typename M::Context context) {
  return [request = std::move(request), context](M& machine, typename M::RequestId id, Instant now) {
    return machine.on(request, context, id, now, 1'000'000 + now / 1ms);
  };
}

// Makes requests that a cluster could see, and learns from the answers.
class GroupRequests {
 public:
  using M = group::GroupMachine;

  explicit GroupRequests(Dice& dice) : dice_(dice) {}

  std::unique_ptr<M> machine() {
    group::GroupConfig config;
    config.size_max = 4;
    config.initial_rebalance_delay = Millis(500);
    config.offsets_retention = Millis(60'000);
    config.offsets_retention_check = Millis(7'000);
    return std::make_unique<M>(config, [this] { return Uuid{step_, ++uuids_}; });
  }
  // Both machines of a pair draw the same names in the same step.
  void begin(std::uint64_t step) { step_ = step, uuids_ = 0; }

  StepOf<M> next() {
    const std::string id = dice_.one_in(3) ? "h" : "g";
    switch (dice_.below(10)) {
      case 0:
      case 1:
      case 2:
        return join(id);
      case 3:
      case 4:
        return sync(id);
      case 5:
        if (dice_.one_in(3)) return commit_in_transaction(id);
        if (dice_.one_in(4)) return asking<M>(end_of_transaction(), context(0));
        return commit(id);
      case 6: {
        const auto [member, instance] = member_of(id);
        return asking<M>(protocol::LeaveGroupRequest{.group_id = id, .members = {{member, instance}}}, context(5));
      }
      case 7:
        return asking<M>(protocol::DescribeGroupsRequest{.groups = {id}}, context(6));
      case 8:
        if (dice_.one_in(3)) return asking<M>(protocol::DeleteGroupsRequest{{id, "g"}}, context(2));
        return asking<M>(group::FetchOffsets{{.group_id = id, .topics = std::nullopt}}, context(8));
      default:
        if (dice_.one_in(4)) return asking<M>(group::TopicsDeleted{{"t1"}}, context(0));
        const auto [member, instance] = member_of(id);
        return asking<M>(protocol::HeartbeatRequest{id, generation_, member, instance}, context(4));
    }
  }
  void learn(const M::Effects& effects) {
    for (const auto& reply : effects.replies) {
      const auto* join = std::get_if<protocol::JoinGroupResponse>(&reply.reply);
      if (!join || join->member_id.empty()) continue;
      if (std::ranges::find(members_, join->member_id) == members_.end()) members_.push_back(join->member_id);
      if (members_.size() > 12) members_.erase(members_.begin());
      if (join->error_code == ErrorCode::kNone) generation_ = join->generation_id;
    }
  }
  // What of it the log must bring back.
  static std::vector<group::Reply> hard_state(M& machine) {
    std::vector<group::Reply> state;
    for (const std::string id : {"g", "h"}) {
      group::FetchOffsets fetch{{.group_id = id, .topics = std::nullopt}};
      const auto ask = [&] {
        const auto fetched = machine.on(fetch, context(8), group::RequestId{0}, Instant(0), 0);
        state.push_back(fetched.replies.at(0).reply);
      };
      ask();
      fetch.require_stable = true;
      fetch.group.topics.emplace();
      for (const std::string topic : {"t0", "t1", "t2"}) fetch.group.topics->push_back({topic, {}, {PartitionId{0}}});
      ask();
    }
    return state;
  }

 private:
  static group::RequestContext context(int version) {
    return {.version = static_cast<std::int16_t>(version), .client_id = "c", .client_host = "/h"};
  }
  std::pair<std::string, std::optional<std::string>> member_of(const std::string& group) {
    if (members_.empty() || dice_.one_in(8)) return {"nobody", std::nullopt};
    const auto& member = members_[std::size_t(dice_.below(int(members_.size())))];
    if (member.starts_with("i")) return {member, group + member.substr(1, 1)};
    return {member, std::nullopt};
  }
  StepOf<M> join(const std::string& group) {
    protocol::JoinGroupRequest request{
        .group_id = group, .session_timeout_ms = 6'000, .rebalance_timeout_ms = 8'000, .protocol_type = "consumer"};
    if (dice_.one_in(2)) request.member_id = member_of(group).first;
    if (dice_.one_in(3)) request.group_instance_id = "i" + std::to_string(dice_.below(2));
    if (request.member_id == "nobody") request.member_id.clear();
    request.protocols.push_back({"range", SharedBytes::copy_of(std::string_view("\0\0\0\0\0\1\0\1t", 9))});
    return asking<M>(std::move(request), context(dice_.one_in(3) ? 3 : 9));
  }
  StepOf<M> sync(const std::string& group) {
    protocol::SyncGroupRequest request{
        .group_id = group, .generation_id = generation_, .member_id = member_of(group).first};
    for (const auto& member : members_) request.assignments.push_back({member, SharedBytes::copy_of(member)});
    return asking<M>(std::move(request), context(4));
  }
  StepOf<M> commit_in_transaction(const std::string& group) {
    protocol::TxnOffsetCommitRequest request{.group_id = group,
                                             .producer_id = {dice_.below(3)},
                                             .producer_epoch = ProducerEpoch{0},
                                             .generation_id_or_member_epoch = -1};
    if (dice_.one_in(2)) {
      request.generation_id_or_member_epoch = generation_;
      request.member_id = member_of(group).first;
    }
    request.topics.push_back({.name = "t" + std::to_string(dice_.below(3)),
                              .partitions = {{.committed_offset = Offset{dice_.below(1000)}}}});
    return asking<M>(group::TransactionalCommit{std::move(request)}, context(5));
  }
  group::TransactionEnd end_of_transaction() {
    return {.producer_id = {dice_.below(3)}, .producer_epoch = ProducerEpoch{0}, .commit = !dice_.one_in(3)};
  }
  StepOf<M> commit(const std::string& group) {
    protocol::OffsetCommitRequest request{.group_id = group, .generation_id_or_member_epoch = -1};
    if (dice_.one_in(2)) {
      request.generation_id_or_member_epoch = generation_;
      request.member_id = member_of(group).first;
    }
    request.topics.push_back({.name = "t" + std::to_string(dice_.below(3)),
                              .partitions = {{.committed_offset = Offset{dice_.below(1000)}}}});
    return asking<M>(std::move(request), context(8));
  }

  Dice& dice_;
  std::vector<std::string> members_;
  std::int32_t generation_ = 1;
  std::uint64_t step_ = 0, uuids_ = 0;
};

class ControllerRequests {
 public:
  using M = controller::ControllerMachine;

  explicit ControllerRequests(Dice& dice) : dice_(dice) {}

  std::unique_ptr<M> machine() {
    controller::Options options;
    options.leader_imbalance_check_interval = Millis(20'000);
    return std::make_unique<M>(std::make_shared<const metadata::Image>("cluster"), options, 7);
  }
  void begin(std::uint64_t) {}
  StepOf<M> next() {
    switch (dice_.below(8)) {
      case 0:
        return start_broker();
      case 1:
      case 2:
      case 3:
        return heartbeat();
      case 4:
      case 5:
        return create();
      case 6:
        return change();
      default:
        return asking<M>(protocol::AllocateProducerIdsRequest{.broker_id = BrokerId{1}, .broker_epoch = epochs_[0]},
                         {0});
    }
  }
  void learn(const M::Effects& effects) {
    for (const auto& reply : effects.replies) {
      const auto* registered = std::get_if<protocol::BrokerRegistrationResponse>(&reply.reply);
      if (registered && registered->error_code == ErrorCode::kNone) epochs_[registering_] = registered->broker_epoch;
    }
  }
  static std::vector<metadata::Record> hard_state(M& machine) { return machine.image().snapshot(); }

 private:
  StepOf<M> start_broker() {
    registering_ = std::size_t(dice_.below(3));
    protocol::BrokerRegistrationRequest request;
    request.broker_id = BrokerId{int(registering_) + 1};
    request.cluster_id = "cluster";
    request.incarnation_id = {1, 1 + std::uint64_t(dice_.below(3))};
    request.listeners.push_back({"PLAINTEXT", "host", 9092, 0});
    request.log_dirs = {Uuid{5, std::uint64_t(registering_) + 1}};
    for (const auto& feature : controller::supported_features())
      request.features.push_back({std::string(feature.name), feature.min, feature.max});
    return asking<M>(std::move(request), {4});
  }
  StepOf<M> heartbeat() {
    const auto broker = std::size_t(dice_.below(3));
    protocol::BrokerHeartbeatRequest request;
    request.broker_id = BrokerId{int(broker) + 1};
    request.broker_epoch = epochs_[broker];
    request.want_fence = dice_.one_in(20);
    return asking<M>(request, {1});
  }
  std::string any_topic() { return "t" + std::to_string(dice_.below(8)); }
  StepOf<M> create() {
    protocol::CreateTopicsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = any_topic();
    topic.num_partitions = 1 + dice_.below(4);
    topic.replication_factor = static_cast<std::int16_t>(1 + dice_.below(3));
    request.validate_only = dice_.one_in(5);
    return asking<M>(std::move(request), {7});
  }
  StepOf<M> change() {
    if (dice_.one_in(2)) {
      protocol::DeleteTopicsRequest request;
      request.topics.push_back({any_topic(), Uuid()});
      return asking<M>(std::move(request), {6});
    }
    protocol::CreatePartitionsRequest request;
    auto& topic = request.topics.emplace_back();
    topic.name = any_topic();
    topic.count = 2 + dice_.below(6);
    return asking<M>(std::move(request), {3});
  }

  Dice& dice_;
  std::array<std::int64_t, 3> epochs_{-1, -1, -1};
  std::size_t registering_ = 0;
};

class RegistryRequests {
 public:
  using M = registry::RegistryMachine;

  explicit RegistryRequests(Dice& dice) : dice_(dice) {}

  std::unique_ptr<M> machine() { return std::make_unique<M>(); }
  void begin(std::uint64_t) {}
  // With the jobs that it takes, which append nothing.
  template <class Request>
  static StepOf<M> asking(Request request) {
    return [request = std::move(request)](M& machine, registry::RequestId id, Instant now) {
      registry::RequestContext context;
      for (;;) {
        auto effects = machine.on(request, context, id, now, 0);
        const auto& answer = std::get<typename Request::Response>(effects.replies.at(0).reply);
        if (answer || !answer.error().job) return effects;
        CHECK(effects.append.empty());
        context.findings = answer.error().job->carry_out(context.findings);
      }
    };
  }
  StepOf<M> next() {
    using namespace registry;
    switch (dice_.below(12)) {
      case 0:
        return asking(DeleteVersion{.subject = subject(), .version = version(), .permanent = dice_.one_in(2)});
      case 1:
        return asking(DeleteSubject{.subject = subject(), .permanent = dice_.one_in(2)});
      case 2:
        return asking(PutConfig{.subject = subject(), .level = dice_.one_in(2) ? "FULL_TRANSITIVE" : "NONE"});
      case 3:
        if (dice_.one_in(3)) return asking(PutMode{.subject = subject(), .mode = "READONLY"});
        return asking(DeleteMode{.subject = subject()});
      case 4:
        return asking(GetById{.id = 1 + dice_.below(9)});
      case 5:
        return asking(CheckCompatibility{.subject = subject(), .schema = schema(), .verbose = true});
      case 6:
        return asking(GetVersions{.subject = subject(), .deleted = true});
      default:
        return asking(RegisterSchema{.subject = subject(), .schema = schema()});
    }
  }
  void learn(const M::Effects&) {}
  static std::vector<registry::Reply> hard_state(M& machine) {
    std::vector<registry::Reply> state;
    const auto ask = [&](const auto& request) {
      state.push_back(machine.on(request, {}, registry::RequestId{0}, Instant(0), 0).replies.at(0).reply);
    };
    ask(registry::GetSchemas{.deleted = true});
    ask(registry::GetContexts{});
    for (const std::string subject : {"a", "b", ":.c:a"}) {
      ask(registry::GetConfig{.subject = subject});
      ask(registry::GetMode{.subject = subject});
    }
    for (int id = 1; id < 10; ++id) ask(registry::GetVersionsById{.id = id, .deleted = true});
    return state;
  }

 private:
  std::string subject() { return std::array{"a", "b", ":.c:a"}[std::size_t(dice_.below(3))]; }
  registry::VersionName version() { return {dice_.one_in(3) ? -1 : 1 + dice_.below(6)}; }
  // Some of them long.
  registry::SchemaInput schema() {
    const std::string doc(dice_.one_in(3) ? 30'000 : 3, 'd');
    const int field = dice_.below(6);
    std::string text = R"({"type":"record","name":"R","doc":")" + doc + R"(","fields":[)";
    text += R"({"name":"f)" + std::to_string(field) + R"(","type":"int","default":0}]})";
    registry::SchemaInput input{.text = std::move(text)};
    if (dice_.one_in(6)) input.references.push_back({"other.R", subject(), 1 + dice_.below(3)});
    return input;
  }

  Dice& dice_;
};

class TransactionRequests {
 public:
  using M = transaction::TransactionMachine;

  explicit TransactionRequests(Dice& dice) : dice_(dice) {}

  std::unique_ptr<M> machine() {
    transaction::TransactionConfig config;
    config.abort_check_interval = Millis(3'000);
    config.expiration = Millis(40'000);
    config.expiration_check_interval = Millis(5'000);
    return std::make_unique<M>(config, [] { return transaction::kEpochBumpFrom; });
  }
  void begin(std::uint64_t) {}
  StepOf<M> next() {
    using namespace transaction;
    const auto& [id, producer, epoch] = any();
    const std::int16_t version = dice_.one_in(3) ? 0 : kEpochBumpFrom;
    switch (dice_.below(8)) {
      case 0:
        return asking<M>(InitProducer{id, 6'000}, {ProducerId{++ids_}});
      case 1:
        return asking<M>(InitProducer{id, 6'000, producer, epoch}, {ProducerId{++ids_}});
      case 2:
        return asking<M>(AddPartitions{id, producer, epoch, {{"t", {PartitionId{dice_.below(3)}}}}, false, version},
                         {});
      case 3:
      case 4:
        return asking<M>(EndTransaction{id, producer, epoch, dice_.one_in(2), version}, {ProducerId{++ids_}});
      case 5:
        return asking<M>(TakeWork{dice_.one_in(4)}, {});
      case 6:
        return asking<M>(MarkersWritten{id, last_.contains(id) ? last_.at(id)->last_update : 0}, {});
      default:
        return asking<M>(protocol::ListTransactionsRequest{}, {});
    }
  }
  void learn(const M::Effects& effects) {
    for (const auto& record : effects.append)
      if (record.value) last_[record.transactional_id] = record.value;
  }
  static std::vector<transaction::Reply> hard_state(M& machine) {
    std::vector<transaction::Reply> state;
    for (const std::string id : {"a", "b", "c"})
      state.push_back(machine.on(transaction::DescribeTransaction{id}, {}, transaction::RequestId{0}, Instant(0), 0)
                          .replies.at(0)
                          .reply);
    return state;
  }

 private:
  // An id, and who produces under it: mostly the one that does.
  std::tuple<std::string, ProducerId, ProducerEpoch> any() {
    const std::string id(1, char('a' + dice_.below(3)));
    const auto at = last_.find(id);
    if (at == last_.end()) return {id, ProducerId{1}, ProducerEpoch{0}};
    auto epoch = at->second->producer_epoch;
    if (dice_.one_in(6)) --epoch.value;
    return {id, at->second->producer_id, epoch};
  }

  Dice& dice_;
  std::int64_t ids_ = 0;
  std::map<std::string, transaction::MetadataPtr> last_;
};

// A machine whose journal refuses now and then, and its twin, which never hears of the steps that were refused.
template <class Requests>
class Pair {
 public:
  using M = typename Requests::M;
  using Effects = typename M::Effects;

  explicit Pair(std::uint64_t seed) : dice_(seed), requests_(dice_) {
    machine_ = requests_.machine();
    twin_ = requests_.machine();
    perform([](M& machine, auto, Instant now) { return machine.on_loaded(now, 0); }, std::nullopt);
  }

  void step() {
    now_ += Millis(dice_.below(600));
    for (;;) {
      const auto due = std::ranges::min_element(timers_, {}, [](const auto& t) { return t.second; });
      if (due == timers_.end() || due->second > now_) break;
      const auto key = due->first;
      timers_.erase(due);
      const auto fire = [key](M& machine, auto, Instant now) {
        return machine.on_timer(key, now, 1'000'000 + now / 1ms);
      };
      if (!perform(fire, std::nullopt)) timers_[key] = now_ + 1s;
    }
    const typename M::RequestId id{++last_request_};
    waiting_.insert(id);
    if (!perform(requests_.next(), id)) waiting_.erase(id);
  }
  void expect_the_log_to_bring_it_back() {
    auto loaded = requests_.machine();
    for (const auto& record : log_) loaded->apply(record);
    EXPECT_EQ(Requests::hard_state(*loaded), Requests::hard_state(*machine_));
  }
  int refused() const { return refused_; }
  std::size_t appended() const { return log_.size(); }

 private:
  // False when it was refused.
  bool perform(const StepOf<M>& step, std::optional<typename M::RequestId> id) {
    const auto asked = id.value_or(typename M::RequestId{0});
    ++steps_;
    requests_.begin(steps_);
    Effects effects = step(*machine_, asked, now_);
    if (!effects.append.empty() && steps_ > 1 && dice_.one_in(3)) {
      machine_->undo();
      ++refused_;
      return false;
    }
    requests_.begin(steps_);
    EXPECT_EQ(effects, step(*twin_, asked, now_)) << "after " << refused_ << " refused steps";
    for (const auto& record : effects.append) {
      machine_->apply(record);
      twin_->apply(record);
      log_.push_back(record);
    }
    for (const auto& change : effects.timers) {
      if (change.at)
        timers_[change.key] = *change.at;
      else
        timers_.erase(change.key);
    }
    for (const auto& reply : effects.replies) EXPECT_EQ(waiting_.erase(reply.id), 1u) << "nobody waits for it";
    requests_.learn(effects);
    return true;
  }

  Dice dice_;
  Requests requests_;
  std::unique_ptr<M> machine_, twin_;
  Instant now_{std::chrono::hours(1)};
  std::uint64_t last_request_ = 0, steps_ = 0;
  int refused_ = 0;
  std::set<typename M::RequestId> waiting_;
  std::map<typename M::TimerKey, Instant> timers_;
  std::vector<typename M::Record> log_;
};

template <class Requests>
class MachineContract : public testing::Test {
 protected:
  // What thousands of rebalances say is of no interest.
  void SetUp() override { log::set_level(log::Level::kError); }
  void TearDown() override { log::set_level(log::Level::kInfo); }
};
using Machines = testing::Types<GroupRequests, ControllerRequests, RegistryRequests, TransactionRequests>;
struct MachineNames {
  template <class Requests>
  static std::string GetName(int) {
    if (std::is_same_v<Requests, RegistryRequests>) return "Registry";
    if (std::is_same_v<Requests, TransactionRequests>) return "Transaction";
    return std::is_same_v<Requests, GroupRequests> ? "Group" : "Controller";
  }
};
TYPED_TEST_SUITE(MachineContract, Machines, MachineNames);

TYPED_TEST(MachineContract, ARefusedStepNeverHappenedAndTheLogBringsTheRestBack) {
  int refused = 0;
  std::size_t appended = 0;
  for (std::uint64_t seed = 1; seed <= 60 && !this->HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Pair<TypeParam> pair(seed);
    for (int i = 0; i < 300 && !this->HasFailure(); ++i) pair.step();
    pair.expect_the_log_to_bring_it_back();
    refused += pair.refused();
    appended += pair.appended();
  }
  EXPECT_GT(refused, 200) << "too few to say anything";
  EXPECT_GT(appended, 500u);
}

}  // namespace
}  // namespace thalweg::broker
