// The transport and its receiver between three real quorums on simulated machines.
#include "broker/quorum_transport.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "broker/quorum_receiver.h"
#include "network/channel.h"
#include "network/server.h"
#include "raft/quorum.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;
using protocol::ThalwegQuorumRequest;
using protocol::ThalwegQuorumResponse;

constexpr int kNodes = 3;
std::string host(int node) { return "node-" + std::to_string(node); }

// Hands ThalwegQuorum to a receiver, as QuorumSession does.
class ReceiverSession : public network::Session {
 public:
  explicit ReceiverSession(QuorumReceiver& receiver) : receiver_(receiver) {}
  Task<network::Started> start(network::Request request) override {
    auto asked = request.decode<ThalwegQuorumRequest>();
    CHECK(asked);
    const auto response = co_await receiver_.answer(std::move(*asked));
    co_return network::reply_to(request, response);
  }

 private:
  QuorumReceiver& receiver_;
};

// One node: a quorum whose state is the entries themselves.
struct Node : raft::StateMachine {
  Node(sim::Node& machine, int id)
      : shard(machine.shard(0)),
        self(self_of(id)),
        transport(shard, self, find),
        receiver(shard, self, memory, find),
        quorum(shard, options(id), *this, &transport),
        server(shard, {}, memory,
               [this](const network::ConnectionInfo&) { return std::make_unique<ReceiverSession>(receiver); }) {
    auto listener = shard.network.listen({"", 9093});
    CHECK(listener);
    server.serve(std::move(*listener), "CONTROLLER");
    spawn(shard, run(this));
  }
  static std::optional<Endpoint> find(raft::MemberId member) {
    return Endpoint{host(raft::broker_of(member).value), 9093};
  }
  static QuorumSelf self_of(int id) {
    QuorumSelf self;
    self.seen = {.node = BrokerId{id}, .own = Own::kMember, .by_hand = false, .cluster_id = "C", .voters = {}};
    self.directory = Uuid{1, std::uint64_t(id)};
    self.member = raft::member_of(BrokerId{id});
    self.incarnation = 5;
    self.endpoints["CONTROLLER"] = {host(id), 9093};
    return self;
  }
  static raft::QuorumOptions options(int id) {
    raft::QuorumOptions options;
    options.metadata_log_dir = "/data";
    options.self = BrokerId{id};
    for (int voter = 1; voter <= kNodes; ++voter) options.voters.push_back(BrokerId{voter});
    options.election_timeout = Millis(400);
    options.snapshot_after_bytes = 400'000;
    return options;
  }
  static Task<> run(Node* node) {
    CHECK(co_await node->shard.disk.make_durable_directory("/data"));  // as a broker does before its quorum
    const auto started = co_await node->quorum.start();
    CHECK(started);
    node->transport.tell({.unreachable = [node](raft::MemberId peer) { node->quorum.peer_unreachable(peer); },
                          .snapshot_sent =
                              [node](raft::MemberId peer, bool arrived) {
                                ++(arrived ? node->images_sent : node->images_lost);
                                node->quorum.snapshot_sent(peer, arrived);
                              },
                          .lost = [node](raft::MemberId peer, Endpoint) { ++node->lost[peer]; }});
    node->receiver.attach(&node->quorum);
    node->ready = true;
  }

  void apply(Offset, LeaderEpoch, BytesView records) override {
    if (!records.empty()) state += thalweg::as_text(records);
  }
  Task<Result<SharedBytes>> snapshot() override { co_return SharedBytes::copy_of(std::string_view(state)); }
  Result<> restore(Offset, SharedBytes image) override {
    state = image.text();
    restored = restored || ready;
    return {};
  }

  const Shard& shard;
  const QuorumSelf self;
  Budget memory{64 << 20};
  std::string state;
  QuorumTransport transport;
  QuorumReceiver receiver;
  raft::Quorum quorum;
  network::Server server;
  bool ready = false, restored = false;
  int images_sent = 0, images_lost = 0;
  std::map<raft::MemberId, int> lost;
};

class QuorumTransportTest : public testing::Test {
 protected:
  void SetUp() override {
    log::set_level(log::Level::kNone);
    for (int id = 1; id <= kNodes; ++id) {
      machines_.push_back(
          &world_.add_node(host(id), 1, [id](sim::Node& machine) { return std::make_shared<Node>(machine, id); }));
      machines_.back()->start();
    }
    client_ = &world_.add_node("client", 1, [](sim::Node&) { return nullptr; });
    client_->start();
  }
  void TearDown() override { log::set_level(log::Level::kInfo); }

  sim::Node& machine(int id) { return *machines_[std::size_t(id - 1)]; }
  Node* at(int id) { return machine(id).is_up() ? &machine(id).program<Node>() : nullptr; }
  int leader() {
    for (int id = 1; id <= kNodes; ++id)
      if (auto* node = at(id); node && node->ready && node->quorum.is_leader()) return id;
    return 0;
  }
  bool until(const std::function<bool()>& done, Instant within = 30s) { return world_.run_until(done, within); }
  // Through whoever leads, and committed.
  void append(const std::string& text) {
    ASSERT_TRUE(until([&] { return leader() != 0; }));
    auto* node = at(leader());
    const auto done =
        world_.run(machine(leader()), node->quorum.propose(SharedBytes::copy_of(std::string_view(text)),
                                                           node->quorum.leader().epoch, node->shard.clock.now() + 10s));
    ASSERT_TRUE(done && *done) << (done ? done->error().message : "hung");
  }
  bool all_have(const std::string& state) {
    for (int id = 1; id <= kNodes; ++id)
      if (!at(id) || at(id)->state != state) return false;
    return true;
  }
  // Somebody who says that he is a node.
  ThalwegQuorumResponse ask(int id, ThalwegQuorumRequest request) {
    auto answer = world_.run(*client_, send(&client_->shard(0), host(id), std::move(request)));
    CHECK(answer && *answer);
    return std::move(**answer);
  }
  static Task<Result<ThalwegQuorumResponse>> send(const Shard* shard, std::string host, ThalwegQuorumRequest request) {
    const Instant deadline = shard->clock.now() + 10s;
    CO_TRY(const auto channel, co_await network::Channel::connect(*shard, {host, 9093}, deadline));
    co_return co_await channel->send<ThalwegQuorumResponse>(std::move(request), 0, deadline);
  }
  // A message of the quorum that says it is of node `from`.
  static ThalwegQuorumRequest message_of(int from) {
    auto request = introduction(Node::self_of(from));
    request.messages.push_back(SharedBytes::copy_of(std::string_view("no message of raft")));
    return request;
  }

  sim::World world_{7};
  std::vector<sim::Node*> machines_;
  sim::Node* client_ = nullptr;
};

TEST_F(QuorumTransportTest, ThreeNodesElectALeaderAndAgree) {
  append("a");
  append("b");
  EXPECT_TRUE(until([&] { return all_have("ab"); }));
}

TEST_F(QuorumTransportTest, AFollowerThatWasAwayIsSentWhatItMissed) {
  append("a");
  const int away = leader() % kNodes + 1;
  machine(away).crash(sim::Crash::kPowerLoss);
  append("b");
  machine(away).start();
  EXPECT_TRUE(until([&] { return all_have("ab"); }));
}

TEST_F(QuorumTransportTest, AnotherNodeLeadsWhenTheLeaderIsGone) {
  append("a");
  const int old = leader();
  machine(old).crash(sim::Crash::kKill);
  append("b");
  EXPECT_NE(leader(), old);
  machine(old).start();
  EXPECT_TRUE(until([&] { return all_have("ab"); }));
}

// What a node says of itself in its first message may not be on its disk yet.
TEST_F(QuorumTransportTest, WhatIsSentBeforeItMaySpeakWaits) {
  int looked_up = 0, connected = 0;
  const QuorumSelf self = Node::self_of(2);
  QuorumTransport transport(client_->shard(0), self, [&](raft::MemberId member) {
    ++looked_up;
    return Node::find(member);
  });
  transport.send({.to = raft::member_of(BrokerId{1}), .body = SharedBytes::copy_of(std::string_view("words"))});
  world_.run_for(5s);
  EXPECT_EQ(looked_up, 0);
  transport.tell({.connected = [&](raft::MemberId) { ++connected; }});
  EXPECT_TRUE(until([&] { return connected == 1; }));
  transport.stop();
  world_.run_for(1s);
}

// A follower has nothing under way to a leader that says nothing.
TEST_F(QuorumTransportTest, AConnectionThatEndsIsToldAtOnceAndByBothSides) {
  append("a");
  world_.run_for(1s);
  const int old = leader(), follower = old % kNodes + 1, other = follower % kNodes + 1;
  at(follower)->lost.clear();
  world_.run_for(1s);
  EXPECT_TRUE(at(follower)->lost.empty());
  machine(old).crash(sim::Crash::kKill);
  EXPECT_TRUE(until([&] { return at(follower)->lost[raft::member_of(BrokerId{old})] > 0; }, 5ms));
  append("b");
  machine(old).start();
  ASSERT_TRUE(until([&] { return all_have("ab"); }));
  world_.run_for(1s);
  const int led = leader(), dies = led == follower ? other : follower;
  at(led)->lost.clear();
  machine(dies).crash(sim::Crash::kKill);
  EXPECT_TRUE(until([&] { return at(led)->lost[raft::member_of(BrokerId{dies})] > 0; }, 5ms));
  EXPECT_FALSE(at(led)->lost.contains(raft::member_of(BrokerId{old}))) << "who is there is not lost";
}

// The image takes seconds at this speed; signs of life that waited behind it would depose the leader.
TEST_F(QuorumTransportTest, AnImageComesInChunksAndSignsOfLifePassIt) {
  append("a");
  const int away = leader() % kNodes + 1, first = leader();
  machine(away).crash(sim::Crash::kPowerLoss);
  std::string all = "a";
  for (int i = 0; i < 30; ++i) {
    const std::string entry(100'000, char('b' + i % 20));
    append(entry);
    all += entry;
  }
  const LeaderEpoch epoch = at(first)->quorum.leader().epoch;
  ASSERT_GT(at(first)->quorum.position().base.value, 2) << "no snapshot was taken";
  world_.network.set_bandwidth(host(away), 1'000'000);
  machine(away).start();
  ASSERT_TRUE(until([&] { return all_have(all); }, 60s));
  EXPECT_TRUE(at(away)->restored);
  EXPECT_GE(at(first)->images_sent, 1);
  EXPECT_EQ(at(first)->quorum.leader().epoch, epoch);
  EXPECT_EQ(at(away)->memory.available(), std::int64_t(at(away)->memory.total()));
}

TEST_F(QuorumTransportTest, AnImageIsGivenUpWithItsConnectionAndComesAgain) {
  append("a");
  const int away = leader() % kNodes + 1, first = leader();
  machine(away).crash(sim::Crash::kPowerLoss);
  for (int i = 0; i < 30; ++i) append(std::string(100'000, 'x'));
  world_.network.set_bandwidth(host(away), 1'000'000);
  machine(away).start();
  world_.run_for(1500ms);
  machine(away).crash(sim::Crash::kKill);
  ASSERT_TRUE(until([&] { return at(first)->images_lost > 0; }));
  machine(away).start();
  EXPECT_TRUE(until([&] { return at(away)->state.size() == 3'000'001; }, 60s));
}

TEST_F(QuorumTransportTest, WhoReachesTheWrongNodeIsTold) {
  append("a");
  auto request = introduction(Node::self_of(2));
  request.to_node = BrokerId{3};
  const auto answer = ask(1, request);
  EXPECT_EQ(answer.error_code, ErrorCode::kInvalidConfig);
  EXPECT_EQ(answer.error_message, "you reached node 1, not 3: look at controller.quorum.voters");
}

TEST_F(QuorumTransportTest, NodesOfAnotherClusterAreRefused) {
  append("a");
  auto request = introduction(Node::self_of(2));
  request.cluster_id = "D";
  EXPECT_EQ(ask(1, request).error_code, ErrorCode::kInconsistentClusterId);
  request.cluster_id.reset();  // it only asks
  EXPECT_EQ(ask(1, request).error_code, ErrorCode::kNone);
  request = message_of(2);
  request.cluster_id.reset();
  EXPECT_EQ(ask(1, request).error_code, ErrorCode::kInconsistentClusterId);
}

TEST_F(QuorumTransportTest, WhoAsksIsToldWhoLeads) {
  append("a");
  const auto answer = ask(2, introduction(Node::self_of(1)));
  EXPECT_EQ(answer.leader, BrokerId{leader()});
  EXPECT_EQ(answer.leader_host, host(leader()));
  EXPECT_EQ(Own(answer.own), Own::kMember);
  EXPECT_EQ(answer.cluster_id, "C");
}

TEST_F(QuorumTransportTest, MessagesOfAProcessThatIsGoneAreDropped) {
  append("a");
  auto request = message_of(2);
  request.incarnation = 6;
  EXPECT_EQ(ask(1, request).error_code, ErrorCode::kInvalidRequest);  // it is looked at, and is none
  request.incarnation = 5;
  EXPECT_EQ(ask(1, request).error_code, ErrorCode::kStaleBrokerEpoch);
}

TEST_F(QuorumTransportTest, MessagesUnderAnotherNodesIdAreDropped) {
  append("a");
  auto request = message_of(2);
  request.node = BrokerId{3};
  EXPECT_EQ(ask(1, request).error_code, ErrorCode::kVoterNotFound);
}

TEST_F(QuorumTransportTest, ChunksThatDoNotFollowAreRefusedAndTakeNoMemory) {
  append("a");
  auto request = introduction(Node::self_of(2));
  auto& chunk = request.chunks.emplace_back();
  chunk.index = 100, chunk.term = 90, chunk.position = 4, chunk.total = 1'000'000'000;
  chunk.data = SharedBytes::copy_of(std::string_view("data"));
  EXPECT_EQ(ask(1, request).error_code, ErrorCode::kInvalidRequest);
  request.chunks[0].position = 0;
  EXPECT_EQ(ask(1, request).error_code, ErrorCode::kNone);
  request.chunks[0].position = 4;
  EXPECT_EQ(ask(1, request).error_code, ErrorCode::kNone);
  EXPECT_EQ(ask(1, request).error_code, ErrorCode::kInvalidRequest);  // the same once more
  auto& memory = at(1)->memory;
  EXPECT_GE(memory.available(), std::int64_t(memory.total()) - 100);  // what came, not what was announced
  request.chunks[0].position = -1;
  EXPECT_EQ(ask(1, request).error_code, ErrorCode::kInvalidRequest);
  world_.run_for(QuorumReceiver::kImageIdle + 1s);
  EXPECT_EQ(memory.available(), std::int64_t(memory.total()));
}

}  // namespace
}  // namespace thalweg::broker
