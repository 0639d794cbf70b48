// What must hold whatever members do: crash, come back, join and leave in any order, also across restarts of the
// coordinator. What a single exchange looks like is in testdata/.
#include "group/group_machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "base/log.h"

namespace thalweg::group {
namespace {

using namespace std::chrono_literals;

const std::string kGroup = "g";
constexpr std::int16_t kJoinVersion = 9;

// A member as clients are written: joins, assigns if it leads, syncs, sends heartbeats, obeys what it is told.
struct Client {
  std::string name;
  std::optional<std::string> instance;
  std::string member_id;
  std::int32_t generation = -1;
  std::string assignment;
  std::vector<std::string> members;  // to divide the work among, when it leads
  enum class Phase { kGone, kJoining, kSyncing, kWorking } phase = Phase::kGone;
  bool waits = false;  // for an answer
};

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : random_(seed) {
    start();
    for (int i = 0; i < 5; ++i) {
      clients_.push_back({.name = "c" + std::to_string(i)});
      if (i >= 3) clients_.back().instance = "i" + std::to_string(i);
    }
  }

  void trouble(int steps) {
    troubled_ = true;
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      Client& client = clients_[below(clients_.size())];
      switch (below(12)) {
        case 0:
          vanish(client);
          break;
        case 1:
          leave(client);
          break;
        case 2:
          if (below(10) == 0) start();
          break;
        case 3:
          commit(client);
          break;
        case 4:
          pass(Millis(below(15'000)));
          break;
        default:
          act(client);
          pass(Millis(below(2'000)));
          break;
      }
    }
  }

  // Everybody behaves from now on: within a bound the group must be at work, with the work divided.
  void heal() {
    troubled_ = false;
    for (int i = 0; i < 200 && !::testing::Test::HasFailure(); ++i) {
      for (auto& client : clients_) act(client);
      pass(1s);
    }
    std::set<std::string> assigned;
    for (const auto& client : clients_) {
      EXPECT_EQ(client.phase, Client::Phase::kWorking) << client.name;
      EXPECT_EQ(client.generation, clients_.front().generation) << client.name;
      EXPECT_TRUE(assigned.insert(client.assignment).second) << client.assignment << " is assigned twice";
    }
    EXPECT_TRUE(waiting_.empty()) << "somebody is still waiting for an answer";
  }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  Timestamp wall() const { return std::chrono::duration_cast<Millis>(now_).count(); }
  RequestContext context(const Client& client, std::int16_t version) const {
    return {.version = version, .client_id = client.name, .client_host = "/h"};
  }

  void start() {
    machine_ = std::make_unique<GroupMachine>(GroupConfig{}, [this] { return Uuid{1, ++uuids_}; });
    timers_.clear();
    for (auto& client : clients_) client.waits = false;  // their connections broke
    waiting_.clear();
    for (const auto& record : log_) machine_->apply(record);
    perform(machine_->on_loaded(now_, wall()));
  }

  void act(Client& client) {
    if (client.waits) return;
    switch (client.phase) {
      case Client::Phase::kGone:
      case Client::Phase::kJoining:
        return join(client);
      case Client::Phase::kSyncing:
        return sync(client);
      case Client::Phase::kWorking:
        return heartbeat(client);
    }
  }

  void join(Client& client) {
    client.phase = Client::Phase::kJoining;
    protocol::JoinGroupRequest request{.group_id = kGroup,
                                       .session_timeout_ms = 10'000,
                                       .rebalance_timeout_ms = 20'000,
                                       .member_id = client.member_id,
                                       .group_instance_id = client.instance,
                                       .protocol_type = "consumer"};
    request.protocols.push_back({"range", SharedBytes::copy_of(std::string_view("\0\0\0\0\0\1\0\1t", 9))});
    send(client, request, kJoinVersion);
  }
  void sync(Client& client) {
    client.phase = Client::Phase::kSyncing;
    protocol::SyncGroupRequest request{.group_id = kGroup,
                                       .generation_id = client.generation,
                                       .member_id = client.member_id,
                                       .group_instance_id = client.instance,
                                       .protocol_type = "consumer",
                                       .protocol_name = "range"};
    for (const auto& member : client.members)
      request.assignments.push_back(
          {member, SharedBytes::copy_of("share of " + member + " in " + std::to_string(client.generation))});
    send(client, request, 5);
  }
  void heartbeat(Client& client) {
    send(client, protocol::HeartbeatRequest{kGroup, client.generation, client.member_id, client.instance}, 4);
  }
  void leave(Client& client) {
    if (client.waits || client.member_id.empty()) return;
    send(client, protocol::LeaveGroupRequest{.group_id = kGroup, .members = {{client.member_id, client.instance}}}, 5);
  }
  void commit(Client& client) {
    if (client.phase != Client::Phase::kWorking || client.waits) return;
    protocol::OffsetCommitRequest request{.group_id = kGroup,
                                          .generation_id_or_member_epoch = client.generation,
                                          .member_id = client.member_id,
                                          .group_instance_id = client.instance};
    request.topics.push_back({.name = "t", .partitions = {{.committed_offset = Offset{wall()}}}});
    send(client, request, 8);
  }
  // The process dies: it forgets everything, and nobody hears the answer it waited for.
  void vanish(Client& client) {
    std::erase_if(waiting_, [&](const auto& entry) { return entry.second == &client; });
    client = {.name = client.name, .instance = client.instance};
  }

  template <class Request>
  void send(Client& client, const Request& request, std::int16_t version) {
    const RequestId id{++requests_};
    waiting_[id] = &client;
    client.waits = true;
    if (perform(machine_->on(request, context(client, version), id, now_, wall()))) return;
    waiting_.erase(id);
    client.waits = false;
    start_over(client, ErrorCode::kCoordinatorNotAvailable);
  }

  // False when the journal refuses the step, which it may do at any time.
  bool perform(Effects effects) {
    if (troubled_ && !effects.append.empty() && below(5) == 0) {
      machine_->undo();
      return false;
    }
    for (auto& record : effects.append) {
      if (const auto* group = std::get_if<GroupRecord>(&record); group && group->value) {
        EXPECT_GE(group->value->generation, generation_logged_);
        generation_logged_ = group->value->generation;
      }
      machine_->apply(record);
      log_.push_back(std::move(record));
    }
    for (const auto& change : effects.timers) {
      if (change.at)
        timers_[change.key] = *change.at;
      else
        timers_.erase(change.key);
    }
    std::set<RequestId> answered;
    for (auto& reply : effects.replies) {
      EXPECT_TRUE(answered.insert(reply.id).second) << "answered twice";
      const auto at = waiting_.find(reply.id);
      if (at == waiting_.end()) continue;  // the client is gone
      Client& client = *at->second;
      waiting_.erase(at);
      client.waits = false;
      std::visit([&](auto& r) { hear(client, r); }, reply.reply);
    }
    return true;
  }

  void hear(Client& client, protocol::JoinGroupResponse& r) {
    if (r.error_code == ErrorCode::kMemberIdRequired) {
      client.member_id = r.member_id;
      return;
    }
    if (r.error_code != ErrorCode::kNone) return start_over(client, r.error_code);
    client.member_id = r.member_id;
    client.generation = r.generation_id;
    client.phase = Client::Phase::kSyncing;
    EXPECT_EQ(r.leader == r.member_id, !r.members.empty()) << "the leader, and nobody else, is told the members";
    client.members.clear();
    for (const auto& m : r.members)
      if (!r.skip_assignment) client.members.push_back(m.member_id);
  }
  void hear(Client& client, protocol::SyncGroupResponse& r) {
    if (r.error_code != ErrorCode::kNone) return start_over(client, r.error_code);
    client.assignment = r.assignment.text();
    client.phase = Client::Phase::kWorking;
  }
  void hear(Client& client, protocol::HeartbeatResponse& r) {
    if (r.error_code != ErrorCode::kNone) start_over(client, r.error_code);
  }
  void hear(Client& client, protocol::LeaveGroupResponse&) {
    client = {.name = client.name, .instance = client.instance};
  }
  void hear(Client& client, protocol::OffsetCommitResponse& r) {
    const auto error = r.topics.at(0).partitions.at(0).error_code;
    if (error != ErrorCode::kNone) start_over(client, error);
  }
  template <class Other>
  void hear(Client&, Other&) {}

  static void start_over(Client& client, ErrorCode error) {
    if (error == ErrorCode::kUnknownMemberId || error == ErrorCode::kFencedInstanceId) client.member_id.clear();
    client.phase = Client::Phase::kJoining;
  }

  void pass(Instant time) {
    const Instant to = now_ + time;
    for (;;) {
      const auto next = std::ranges::min_element(timers_, {}, [](const auto& t) { return t.second; });
      if (next == timers_.end() || next->second > to) break;
      const TimerKey key = next->first;
      now_ = std::max(now_, next->second);
      timers_.erase(next);
      if (!perform(machine_->on_timer(key, now_, wall()))) timers_[key] = now_ + 1s;
    }
    now_ = to;
  }

  std::mt19937_64 random_;
  std::unique_ptr<GroupMachine> machine_;
  Instant now_{0};
  std::uint64_t uuids_ = 0, requests_ = 0;
  std::int32_t generation_logged_ = 0;
  std::map<TimerKey, Instant> timers_;
  std::vector<OffsetsRecord> log_;
  std::vector<Client> clients_;
  std::map<RequestId, Client*> waiting_;
  bool troubled_ = false;
};

class GroupMachineTest : public ::testing::Test {
 protected:
  // Thousands of rebalances: what they say is of no interest.
  void SetUp() override { log::set_level(log::Level::kError); }
  void TearDown() override { log::set_level(log::Level::kInfo); }
};

TEST_F(GroupMachineTest, AGroupComesToRestWhateverHappenedBefore) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Chaos chaos(seed);
    chaos.trouble(300);
    chaos.heal();
    if (HasFailure()) return;
  }
}

// Every line names the group, and who did it where it was somebody.
TEST_F(GroupMachineTest, TheLogSaysByWhomGroupsComeAndGo) {
  GroupMachine machine(GroupConfig{.initial_rebalance_delay = Millis(0)}, [] { return Uuid{1, 1}; });
  machine.on_loaded(Instant(0), 0);
  const RequestContext ann{.version = 3, .client_id = "a", .client_host = "/10.0.0.1", .principal = "User:ann"};
  const RequestContext ben{.version = 8, .client_id = "b", .client_host = "/10.0.0.2", .principal = "User:ben"};
  log::set_level(log::Level::kInfo);
  const auto said = [&](auto step) {
    testing::internal::CaptureStderr();
    const Effects effects = step();
    for (const auto& record : effects.append) machine.apply(record);
    return testing::internal::GetCapturedStderr();
  };

  std::string member;
  const auto joined = said([&] {
    protocol::JoinGroupRequest join{.group_id = "g", .session_timeout_ms = 10'000, .protocol_type = "consumer"};
    join.protocols.push_back({"range", {}});
    auto effects = machine.on(join, ann, RequestId{1}, Instant(0), 0);
    member = std::get<protocol::JoinGroupResponse>(effects.replies.at(0).reply).member_id;
    return effects;
  });
  EXPECT_NE(joined.find("group created group=g by=\"User:ann@10.0.0.1 (a)\""), joined.npos) << joined;

  const auto left = said([&] {
    protocol::LeaveGroupRequest leave{.group_id = "g"};
    leave.members.push_back({.member_id = member, .reason = "closed"});
    return machine.on(leave, ben, RequestId{2}, Instant(0), 0);
  });
  EXPECT_NE(left.find("member left a group group=g member=" + member + " why=closed by=\"User:ben@10.0.0.2 (b)\""),
            left.npos)
      << left;
  EXPECT_NE(left.find("group is empty group=g generation=2 by=\"User:ben@10.0.0.2 (b)\""), left.npos) << left;

  protocol::OffsetCommitRequest commit{.group_id = "simple", .generation_id_or_member_epoch = -1};
  commit.topics.push_back({.name = "t", .partitions = {{.committed_offset = Offset{1}}}});
  const auto committed = said([&] { return machine.on(commit, ben, RequestId{3}, Instant(0), 0); });
  EXPECT_NE(committed.find("group created group=simple by=\"User:ben@10.0.0.2 (b)\""), committed.npos) << committed;
  EXPECT_EQ(said([&] { return machine.on(commit, ben, RequestId{4}, Instant(0), 0); }), "") << "only the first";

  const Timestamp late = Millis(std::chrono::days(30)).count();
  const auto gone = said([&] { return machine.on_timer({.kind = TimerKey::Kind::kRetention}, Instant(0), late); });
  EXPECT_NE(gone.find("group forgotten: it has no members, and its offsets are too old group=simple"), gone.npos)
      << gone;
}

TEST_F(GroupMachineTest, NamesThatTheLogCannotHoldAreRefusedWhereTheyComeIn) {
  GroupMachine machine(GroupConfig{}, [] { return Uuid{1, 1}; });
  machine.on_loaded(Instant(0), 0);
  const std::string longest(32767, 'x'), longer(32768, 'x');
  const auto join = [&](const std::string& group, const std::string& member, std::optional<std::string> instance,
                        const std::string& protocol, const std::string& client = "c") {
    protocol::JoinGroupRequest request{.group_id = group,
                                       .session_timeout_ms = 10'000,
                                       .member_id = member,
                                       .group_instance_id = std::move(instance),
                                       .protocol_type = "consumer",
                                       .protocols = {{protocol, {}}}};
    const auto effects =
        machine.on(request, {.version = 9, .client_id = client, .client_host = "/h"}, RequestId{1}, Instant(0), 0);
    EXPECT_EQ(effects.replies.size(), 1u);
    return std::get<protocol::JoinGroupResponse>(effects.replies.at(0).reply).error_code;
  };
  EXPECT_EQ(join(longest, "", std::nullopt, "range"), ErrorCode::kMemberIdRequired);
  EXPECT_EQ(join(longer, "", std::nullopt, "range"), ErrorCode::kInvalidGroupId);
  EXPECT_EQ(join("g", longer, std::nullopt, "range"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(join("g", "", longer, "range"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(join("g", "", std::nullopt, longer), ErrorCode::kInvalidRequest);
  // Kafka says the same: the member's id is made of these, and too long.
  EXPECT_EQ(join("g", "", longest, "range"), ErrorCode::kUnknownServerError);
  EXPECT_EQ(join("g", "", std::nullopt, "range", longest), ErrorCode::kUnknownServerError);

  protocol::OffsetCommitRequest commit{.group_id = longer, .generation_id_or_member_epoch = -1};
  commit.topics.push_back({.name = "t", .partitions = {{.committed_offset = Offset{1}}}});
  const auto effects = machine.on(commit, {.version = 8}, RequestId{2}, Instant(0), 0);
  EXPECT_TRUE(effects.append.empty());
  EXPECT_EQ(
      std::get<protocol::OffsetCommitResponse>(effects.replies.at(0).reply).topics.at(0).partitions.at(0).error_code,
      ErrorCode::kInvalidGroupId);
}

}  // namespace
}  // namespace thalweg::group
