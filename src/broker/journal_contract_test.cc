// What replicated/journal.h promises, held against every journal: the model, a partition on a log, the metadata quorum
// of one voter and of three.
#include <gtest/gtest.h>

#include <set>

#include "broker/broker.h"
#include "broker/group_shard.h"
#include "broker/local_state.h"
#include "broker/quorum_journal.h"
#include "replicated/testing.h"
#include "sim/world.h"

namespace thalweg::broker {
namespace {

using namespace std::chrono_literals;
using FailureKind = replicated::AppendFailure::Kind;

// Every bench has a journal of numbered records on a simulated machine. `too_large` is what it refuses; lose() and
// regain() take the leadership away and bring it back; after hold() nobody hears of it and it hears of nobody.
class SimBench {
 public:
  Instant now() const { return world_.now(); }

 protected:
  template <class T>
  T run(sim::Node& node, Task<T> task) {
    auto result = world_.run(node, std::move(task));
    CHECK(result);
    return std::move(*result);
  }
  sim::World world_{1};
};

class ModelBench : public SimBench {
 public:
  using Record = int;
  using Journal = replicated::testing::ModelJournal<int>;

  ModelBench() { node_.start(), journal_.emplace(node_.shard(0).clock); }
  Journal& journal() { return *journal_; }
  static Record record(int number) { return number; }
  static int number_of(const Record& record) { return record; }
  replicated::AppendResult append_too_large() {
    journal_->failure = replicated::AppendFailure{FailureKind::kRefused, {ErrorCode::kMessageTooLarge, "too large"}};
    auto result = journal_->append({1});
    journal_->failure.reset();
    return result;
  }
  void settle() { journal_->commit(); }
  void hold() { journal_->others.emplace(); }
  void lose() {
    journal_->failure = replicated::AppendFailure{FailureKind::kLost, {ErrorCode::kNotLeaderOrFollower, "2 leads"}};
    journal_->records.resize(std::size_t(journal_->committed().value().value));  // the other leader cuts the rest
  }
  void regain() { journal_->failure.reset(); }
  template <class T>
  T run(Task<T> task) {
    return SimBench::run(node_, std::move(task));
  }

 private:
  sim::Node& node_ = world_.add_node("model", 1, [](sim::Node&) { return nullptr; });
  std::optional<Journal> journal_;
};

class PartitionBench : public SimBench {
 public:
  using Record = group::OffsetsRecord;
  using Journal = GroupJournal;

  PartitionBench() {
    node_.start();
    storage::LogOptions options;
    options.directory = "/data/__consumer_offsets-0";
    options.partition = {"__consumer_offsets", PartitionId{0}};
    options.topic_id = Uuid{1, 2};
    options.config.max_message_bytes = 1000;
    auto log = run(storage::Log::open(node_.shard(0), options));
    CHECK(log);
    partition_ = std::make_shared<replica::Partition>(node_.shard(0), BrokerId{1}, *log);
    led_by(BrokerId{1});
    journal_.emplace(partition_);
  }
  ~PartitionBench() { node_.crash(sim::Crash::kKill); }
  Journal& journal() { return *journal_; }
  static Record record(int number) {
    return group::OffsetRecord{"g", std::to_string(number), PartitionId{0}, protocol::OffsetCommitValue{}};
  }
  static int number_of(const Record& record) { return std::stoi(std::get<group::OffsetRecord>(record).topic); }
  replicated::AppendResult append_too_large() {
    return journal_->append({group::OffsetRecord{"g", "t", PartitionId{0},
                                                 protocol::OffsetCommitValue{.metadata = std::string(2000, 'm')}}});
  }
  void settle() { world_.run_for(1s); }
  void hold() {}
  void lose() { led_by(BrokerId{2}); }
  void regain() { led_by(BrokerId{1}); }
  template <class T>
  T run(Task<T> task) {
    return SimBench::run(node_, std::move(task));
  }

 private:
  void led_by(BrokerId leader) {
    metadata::Partition state;
    state.replicas = state.isr = {leader};
    state.leader = leader;
    state.leader_epoch = LeaderEpoch{++epoch_};
    partition_->update(state);
  }
  sim::Node& node_ = world_.add_node("partition", 1, [](sim::Node&) { return nullptr; });
  std::int32_t epoch_ = 0;
  replica::PartitionPtr partition_;
  std::optional<Journal> journal_;
};

// The journal under test is that of whoever leads first.
template <int kVoters>
class QuorumBench : public SimBench {
 public:
  using Record = metadata::Record;
  using Journal = QuorumJournal;

  QuorumBench() {
    for (int i = 1; i <= kVoters; ++i) {
      nodes_.push_back(&world_.add_node("broker" + std::to_string(i), 1, [this, i](sim::Node& node) {
        auto member = std::make_shared<Member>(*this, node, BrokerId{i});
        spawn(node.shard(0), begin(member.get()));
        return member;
      }));
    }
    for (auto* node : nodes_) node->start();
    until([&] { return leader() != nullptr; });
    mine_ = leader()->id;
    member().journal.lead(member().quorum.leader().epoch);
    CHECK(run(replay_all(&member().journal)));
  }
  Journal& journal() { return member().journal; }
  static Record record(int number) {
    protocol::ConfigRecord config;
    config.resource_type = static_cast<std::int8_t>(metadata::ResourceType::kBroker);
    config.name = "k" + std::to_string(number);
    config.value = "v";
    return config;
  }
  static int number_of(const Record& record) {
    return std::stoi(std::get<protocol::ConfigRecord>(record).name.substr(1));
  }
  replicated::AppendResult append_too_large() {
    auto large = std::get<protocol::ConfigRecord>(record(1));
    large.value = std::string(raft::Quorum::kEntryMax + 1, 'x');
    return journal().append({large});
  }
  void settle() { world_.run_for(1s); }
  void hold() { cut_ = mine_; }
  void lose() {
    if constexpr (kVoters == 1) {
      journal().lead(LeaderEpoch{0});  // a lone voter loses its leadership only in belief
    } else {
      cut_ = mine_;
      until([&] { return leader() && leader()->id != mine_ && !member().quorum.is_leader(); });
    }
  }
  void regain() {
    cut_ = kNoBroker;
    until([&] { return leader() && member().quorum.leader() == leader()->quorum.leader(); });
    if (Member* other = leader(); other->id != mine_) {
      world_.run_for(1s);  // it has caught up
      CHECK(other->quorum.transfer_leadership(raft::member_of(mine_)));
    }
    until([&] { return leader() == &member(); });
    journal().lead(member().quorum.leader().epoch);
  }
  template <class T>
  T run(Task<T> task) {
    return SimBench::run(node_of(mine_), std::move(task));
  }

 private:
  struct Member : raft::Transport {
    Member(QuorumBench& b, sim::Node& node, BrokerId self)
        : bench(b),
          id(self),
          shard(node.shard(0)),
          broker(std::vector{&shard}, config(self)),
          local(broker),
          publisher(shard, local, self, "cluster"),
          quorum(shard, options(self), publisher, kVoters == 1 ? nullptr : this),
          journal(shard, quorum, publisher) {}
    static config::BrokerConfig config(BrokerId self) {
      auto loaded = config::load_broker_config({{"node.id", std::to_string(self.value)},
                                                {"listeners", "PLAINTEXT://:9092"},
                                                {"advertised.listeners", "PLAINTEXT://broker:9092"},
                                                {"log.dirs", "/data"}});
      CHECK(loaded);
      return std::move(loaded->config);
    }
    static raft::QuorumOptions options(BrokerId self) {
      raft::QuorumOptions options;
      options.metadata_log_dir = "/metadata";
      options.self = self;
      for (int i = 1; i <= kVoters; ++i) options.voters.push_back(BrokerId{i});
      return options;
    }
    void send(raft::PeerMessage message) override {
      const BrokerId receiver = raft::broker_of(message.to);
      if (bench.cut_ == id || bench.cut_ == receiver) return;
      auto& to = bench.node_of(receiver);
      if (!to.is_up()) return;
      auto& peer = to.template program<Member>();
      peer.shard.post([&peer, from = id, body = message.body] {
        if (peer.started) (void)peer.quorum.receive(raft::member_of(from), body, SharedBytes());
      });
    }

    QuorumBench& bench;
    const BrokerId id;
    const Shard& shard;
    Broker broker;  // never started: what the publisher needs of it is its shards
    BrokerLocalState local;
    MetadataPublisher publisher;
    raft::Quorum quorum;
    QuorumJournal journal;
    bool started = false;
  };
  static Task<> begin(Member* member) {
    const auto started = co_await member->quorum.start();
    CHECK(started);
    member->started = true;
    member->publisher.start();
  }
  static Task<Result<>> replay_all(QuorumJournal* journal) {
    return journal->replay([](const Record&) {});
  }

  sim::Node& node_of(BrokerId id) { return *nodes_[std::size_t(id.value - 1)]; }
  Member& member() { return node_of(mine_).template program<Member>(); }
  Member* leader() {
    Member* found = nullptr;
    for (auto* node : nodes_) {
      auto& member = node->template program<Member>();
      if (!member.started || !member.quorum.is_leader()) continue;
      if (!found || member.quorum.leader().epoch > found->quorum.leader().epoch) found = &member;
    }
    return found;
  }
  void until(const std::function<bool()>& done) { CHECK(world_.run_until(done, 60s)); }

  std::vector<sim::Node*> nodes_;
  BrokerId mine_{1};
  BrokerId cut_ = kNoBroker;
};

template <class Bench>
class JournalContract : public testing::Test {
 protected:
  using Record = typename Bench::Record;

  replicated::AppendResult append(int number) { return bench_.journal().append({Bench::record(number)}); }
  static Task<Result<std::set<int>>> read(typename Bench::Journal* journal) {
    std::set<int> numbers;
    CO_TRY_VOID(co_await journal->replay([&](const Record& record) { numbers.insert(Bench::number_of(record)); }));
    co_return numbers;
  }
  std::set<int> replay() {
    auto numbers = bench_.run(read(&bench_.journal()));
    EXPECT_TRUE(numbers) << numbers.error().message;
    return numbers.value_or(std::set<int>());
  }
  bool all_committed() { return bench_.journal().committed().value() >= bench_.journal().end(); }

  Bench bench_;
};

using Benches = testing::Types<ModelBench, PartitionBench, QuorumBench<1>, QuorumBench<3>>;
struct BenchNames {
  template <class Bench>
  static std::string GetName(int) {
    if (std::is_same_v<Bench, ModelBench>) return "Model";
    if (std::is_same_v<Bench, PartitionBench>) return "Partition";
    return std::is_same_v<Bench, QuorumBench<1>> ? "LoneQuorum" : "Quorum";
  }
};
TYPED_TEST_SUITE(JournalContract, Benches, BenchNames);

TYPED_TEST(JournalContract, WhatIsAppendedIsCommittedAndReplayed) {
  const auto end = this->append(1);
  ASSERT_TRUE(end);
  EXPECT_EQ(*end, this->bench_.journal().end());
  EXPECT_FALSE(this->all_committed()) << "nothing has had time to be";
  this->bench_.settle();
  EXPECT_TRUE(this->all_committed());
  EXPECT_EQ(this->replay(), (std::set{1}));
}

TYPED_TEST(JournalContract, WhatIsInFlightIsReplayed) {
  ASSERT_TRUE(this->append(1));
  this->bench_.settle();
  ASSERT_TRUE(this->append(2));
  EXPECT_FALSE(this->all_committed());
  EXPECT_EQ(this->replay(), (std::set{1, 2}));
}

TYPED_TEST(JournalContract, ARefusedAppendLeavesNothing) {
  ASSERT_TRUE(this->append(1));
  const Offset end = this->bench_.journal().end();
  const auto refused = this->bench_.append_too_large();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, FailureKind::kRefused) << refused.error().error.message;
  EXPECT_EQ(this->bench_.journal().end(), end);
  EXPECT_EQ(this->replay(), (std::set{1}));
  ASSERT_TRUE(this->append(2));
  this->bench_.settle();
  EXPECT_TRUE(this->all_committed());
  EXPECT_EQ(this->replay(), (std::set{1, 2}));
}

TYPED_TEST(JournalContract, ALostJournalSaysSo) {
  ASSERT_TRUE(this->append(1));
  this->bench_.settle();
  this->bench_.lose();
  const auto lost = this->append(2);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, FailureKind::kLost) << lost.error().error.message;
}

// What a machine knows may be answered without a record only as long as nobody else can have changed it.
TYPED_TEST(JournalContract, IsConfirmedByTheOthersOrNotAtAll) {
  ASSERT_TRUE(this->append(1));
  this->bench_.settle();
  auto& journal = this->bench_.journal();
  EXPECT_TRUE(this->bench_.run(journal.confirm(this->bench_.now() + 300ms)));
  this->bench_.hold();
  ASSERT_TRUE(this->append(2)) << "it believes that it leads";
  EXPECT_EQ(this->bench_.run(journal.confirm(this->bench_.now() + 300ms)), journal.alone());
  this->bench_.lose();
  if (!journal.alone()) EXPECT_FALSE(this->bench_.run(journal.confirm(this->bench_.now() + 300ms)));
}

// A reply that appends nothing waits for end(): it must not wait for what another leader has cut.
TYPED_TEST(JournalContract, WhatIsSeenAfterRegainingTheLeadershipIsCommittedInTime) {
  ASSERT_TRUE(this->append(1));
  this->bench_.settle();
  this->bench_.hold();
  for (int number = 2; number < 10; ++number) ASSERT_TRUE(this->append(number));
  this->bench_.lose();
  this->bench_.regain();
  const auto known = this->replay();
  EXPECT_TRUE(known.contains(1));
  this->bench_.settle();
  EXPECT_TRUE(this->all_committed());
  ASSERT_TRUE(this->append(20));
  this->bench_.settle();
  EXPECT_TRUE(this->all_committed());
  EXPECT_TRUE(this->replay().contains(20));
}

}  // namespace
}  // namespace thalweg::broker
