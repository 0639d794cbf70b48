// Commits in transactions and others, ends of transactions, deletions, expiry and restarts in any order, against a
// model that keeps the log and reads it as Kafka does. What a single exchange looks like is in testdata/.
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "base/log.h"
#include "group/group_machine.h"

namespace thalweg::group {
namespace {

using namespace std::chrono_literals;

// What a log of offsets says, by the offsets of its records: a commit that takes effect does not replace a later one.
class Model {
 public:
  using Key = std::pair<std::string, TopicPartition>;

  void apply(const OffsetsRecord& record) {
    end_ = end_ + 1;
    if (const auto* offset = std::get_if<OffsetRecord>(&record)) return apply_offset(*offset);
    if (const auto* marker = std::get_if<TransactionEnd>(&record)) return apply_end(*marker);
  }
  // As "topic-partition=offset" in order; "?" for what is pending, if asked so.
  std::string show(const std::string& group, const std::vector<TopicPartition>& partitions, bool stable) const {
    std::string text;
    for (const auto& partition : partitions) {
      const auto at = committed_.find({group, partition});
      std::string offset = at == committed_.end() ? "-1" : to_string(at->second.value);
      if (stable && is_pending({group, partition})) offset = "?";
      text += partition.topic + "-" + to_string(partition.partition) + "=" + offset + " ";
    }
    return text;
  }
  bool is_pending(const Key& key) const {
    return std::ranges::any_of(pending_, [&](const auto& p) { return p.second.contains(key); });
  }
  bool has_pending() const { return !pending_.empty(); }

 private:
  struct Value {
    Offset value, record;
  };
  void apply_offset(const OffsetRecord& offset) {
    const Key key{offset.group, {offset.topic, offset.partition}};
    if (!offset.value) {
      committed_.erase(key);
      for (auto& [producer, pending] : pending_) pending.erase(key);
      std::erase_if(pending_, [](const auto& p) { return p.second.empty(); });
    } else if (offset.producer) {
      pending_[offset.producer->id][key] = {offset.value->offset, end_};
    } else {
      committed_[key] = {offset.value->offset, end_};
    }
  }
  void apply_end(const TransactionEnd& marker) {
    const auto ended = pending_.extract(marker.producer_id);
    if (!ended || !marker.commit) return;
    for (const auto& [key, value] : ended.mapped())
      if (const auto at = committed_.find(key); at == committed_.end() || at->second.record < value.record)
        committed_[key] = value;
  }

  Offset end_{0};
  std::map<Key, Value> committed_;
  std::map<ProducerId, std::map<Key, Value>> pending_;
};

class Course {
 public:
  explicit Course(std::uint64_t seed) : random_(seed) {
    for (const std::string topic : {"a", "b"})
      for (int p = 0; p < 2; ++p) partitions_.push_back({topic, PartitionId{p}});
    load();
  }

  void step() {
    switch (below(16)) {
      case 0:
        return load();
      case 1:
        return perform(
            machine_->on(protocol::DeleteGroupsRequest{{any_group()}}, {.version = 2}, next(), now_, wall()));
      case 2:
        return delete_offset();
      case 3:
        if (below(4) == 0) perform(machine_->on(TopicsDeleted{{"a"}}, {}, next(), now_, wall()));
        return;
      case 4:
        now_ += Millis(below(3'600'000));
        return expire();
      case 5:
      case 6:
      case 7:
        return end({static_cast<std::int64_t>(below(4))}, below(3) > 0);
      case 8:
      case 9:
      case 10:
        return commit();
      default:
        return commit_in_transaction();
    }
  }
  void expect_the_same() {
    for (const auto& group : groups_) {
      EXPECT_EQ(show(group, false), model_.show(group, partitions_, false)) << group;
      EXPECT_EQ(show(group, true), model_.show(group, partitions_, true)) << group << ", stable";
    }
  }
  void end_all() {
    refuses_ = false;
    for (std::int64_t producer = 0; producer < 4; ++producer) end({producer}, false);
    EXPECT_FALSE(model_.has_pending());
  }
  int restarts() const { return restarts_; }

 private:
  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
  Timestamp wall() const { return 1'700'000'000'000 + now_ / 1ms; }
  RequestId next() { return RequestId{++requests_}; }
  std::string any_group() { return groups_[below(groups_.size())]; }
  TopicPartition any_partition() { return partitions_[below(partitions_.size())]; }

  void load() {
    machine_ = std::make_unique<GroupMachine>(GroupConfig{.offsets_retention = 24h}, [] { return Uuid{1, 1}; });
    for (const auto& record : log_) machine_->apply(record);
    machine_->on_loaded(now_, wall());
    ++restarts_;
  }
  // The journal refuses some steps.
  void perform(const Effects& effects) {
    if (effects.append.empty()) return;
    if (refuses_ && below(6) == 0) return machine_->undo();
    for (const auto& record : effects.append) {
      model_.apply(record);
      machine_->apply(record);
      log_.push_back(record);
    }
  }
  void commit() {
    protocol::OffsetCommitRequest request{.group_id = any_group(), .generation_id_or_member_epoch = -1};
    const auto at = any_partition();
    request.topics.push_back(
        {.name = at.topic,
         .partitions = {{.partition_index = at.partition, .committed_offset = Offset{++committed_}}}});
    perform(machine_->on(request, {.version = 8}, next(), now_, wall()));
  }
  void commit_in_transaction() {
    protocol::TxnOffsetCommitRequest request{.group_id = any_group(),
                                             .producer_id = {static_cast<std::int64_t>(below(4))},
                                             .producer_epoch = ProducerEpoch{0},
                                             .generation_id_or_member_epoch = -1};
    for (std::uint64_t i = 0; i <= below(3); ++i) {
      const auto at = any_partition();
      request.topics.push_back(
          {.name = at.topic,
           .partitions = {{.partition_index = at.partition, .committed_offset = Offset{++committed_}}}});
    }
    perform(machine_->on(TransactionalCommit{std::move(request)}, {.version = 5}, next(), now_, wall()));
  }
  void end(ProducerId producer, bool commit) {
    perform(machine_->on(TransactionEnd{.producer_id = producer, .producer_epoch = ProducerEpoch{0}, .commit = commit},
                         {}, next(), now_, wall()));
  }
  void delete_offset() {
    const auto at = any_partition();
    protocol::OffsetDeleteRequest request{.group_id = any_group()};
    request.topics.push_back({at.topic, {{at.partition}}});
    perform(machine_->on(request, {}, next(), now_, wall()));
  }
  void expire() {
    const auto effects = machine_->on_timer({.kind = TimerKey::Kind::kRetention}, now_, wall());
    for (const auto& record : effects.append)
      if (const auto* gone = std::get_if<OffsetRecord>(&record)) {
        EXPECT_FALSE(model_.is_pending({gone->group, {gone->topic, gone->partition}})) << "expired while pending";
      }
    perform(effects);
  }
  std::string show(const std::string& group, bool stable) {
    FetchOffsets fetch{{.group_id = group}, stable};
    fetch.group.topics.emplace();
    for (const auto& partition : partitions_)
      fetch.group.topics->push_back({partition.topic, {}, {partition.partition}});
    const auto effects = machine_->on(fetch, {.version = 9}, next(), now_, wall());
    const auto& answer = std::get<protocol::OffsetFetchResponse::OffsetFetchResponseGroup>(effects.replies.at(0).reply);
    std::string text;
    for (const auto& topic : answer.topics)
      for (const auto& p : topic.partitions)
        text += topic.name + "-" + to_string(p.partition_index) + "=" +
                (p.error_code == ErrorCode::kUnstableOffsetCommit ? "?" : to_string(p.committed_offset)) + " ";
    return text;
  }

  std::mt19937_64 random_;
  const std::vector<std::string> groups_{"g", "h", "i"};
  std::vector<TopicPartition> partitions_;
  std::unique_ptr<GroupMachine> machine_;
  Model model_;
  std::vector<OffsetsRecord> log_;
  Instant now_{0};
  std::int64_t committed_ = 0;
  std::uint64_t requests_ = 0;
  int restarts_ = 0;
  bool refuses_ = true;
};

class TransactionsTest : public ::testing::Test {
 protected:
  void SetUp() override { log::set_level(log::Level::kError); }
  void TearDown() override { log::set_level(log::Level::kInfo); }
};

TEST_F(TransactionsTest, OffsetsAreWhatTheLogSaysWhateverHappensAndAfterEveryRestart) {
  int restarts = 0;
  for (std::uint64_t seed = 1; seed <= 200 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Course course(seed);
    for (int i = 0; i < 300 && !HasFailure(); ++i) {
      SCOPED_TRACE("step " + std::to_string(i));
      course.step();
      course.expect_the_same();
    }
    course.end_all();
    course.expect_the_same();
    restarts += course.restarts();
  }
  EXPECT_GT(restarts, 1000) << "too few to say anything";
}

OffsetRecord pending(std::int64_t producer, const std::string& group, int partition, std::int64_t offset) {
  return {.group = group,
          .topic = "t",
          .partition = PartitionId{partition},
          .value = protocol::OffsetCommitValue{.offset = Offset{offset}, .metadata = "some"},
          .producer = machine::Producer{ProducerId{producer}, ProducerEpoch{0}}};
}

TEST(PendingOffsetsTest, WhatIsCountedIsWhatIsThere) {
  PendingOffsets all;
  const auto one = PendingOffsets::bytes_of(pending(1, "g", 0, 1));
  all.add(pending(1, "g", 0, 1));
  all.add(pending(1, "g", 0, 2));
  EXPECT_EQ(all.bytes(), one) << "replaced, not added";
  all.add(pending(2, "g", 0, 3));
  all.add(pending(2, "g", 1, 4));
  all.add(pending(2, "h", 1, 4));
  EXPECT_EQ(all.bytes(), 4 * one);
  all.forget("g", {"t", PartitionId{0}});
  EXPECT_EQ(all.bytes(), 2 * one);
  EXPECT_TRUE(all.end(ProducerId{1}, true).groups.empty()) << "a tombstone took all that it had";
  EXPECT_EQ(all.end(ProducerId{2}, true).in_force.size(), 2u);
  EXPECT_EQ(all.bytes(), 0u);
  EXPECT_FALSE(all.has("g"));
  EXPECT_FALSE(all.has("h"));
}

}  // namespace
}  // namespace thalweg::group
