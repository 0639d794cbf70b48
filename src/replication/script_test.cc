// Runs the conversations in testdata/*.txt: with one leader (broker 1, leader epoch 5), and with one follower. Their
// lines are as those of src/group/testdata. Time begins at 100 s and moves by "after" only; a leader's timer is
// honoured, and what it wants is heard at once. Nothing is said of a high watermark that stays.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "group/testing_script.h"
#include "replication/following.h"
#include "replication/replication.h"

namespace thalweg::replication {
namespace {

using namespace std::chrono_literals;
using group::Command;

std::vector<BrokerId> ids(const std::string& text) {
  std::vector<BrokerId> ids;
  for (const auto& id : group::split(text, ',')) ids.push_back(BrokerId{std::stoi(id)});
  return ids;
}

std::string show(const std::vector<BrokerId>& ids) {
  std::vector<std::string> words;
  for (const auto id : ids) words.push_back(to_string(id));
  return group::join_words(words, ",");
}

class World {
 public:
  std::vector<std::string> run(const std::string& line) {
    output_.clear();
    const Command c(line);
    const std::string& verb = c.words.at(0);
    if (verb == "leader")
      lead(c);
    else if (verb == "append")
      local({Offset{std::stol(c.words.at(1))}, local_.acknowledged});
    else if (verb == "synced")
      local({local_.end, local_.end});
    else if (verb == "fetch")
      fetch(c);
    else if (verb == "image")
      image(c);
    else if (verb == "min")
      keep(leader_->on_config(min_ = std::stoul(c.words.at(1)), eligible_, now_));
    else if (verb == "refused")
      keep(leader_->on_refused(std::stoi(c.words.at(1)), eligible_, now_));
    else if (verb == "ineligible")
      ineligible_ = ids(c.words.size() > 1 ? c.words[1] : "");
    else if (verb == "after")
      pass(group::duration(c.words.at(1)));
    else if (verb == "follower")
      follow(c);
    else if (verb == "answer")
      say(next(asked_, at_, answer(c), epochs_, c.number("failures", 0)));
    else if (verb == "offsets")
      say(next(asked_, at_, {Offset{c.number("start", 0)}, Offset{c.number("end", 0)}}));
    else
      ADD_FAILURE() << "no such command: " << verb;
    return output_;
  }

 private:
  void lead(const Command& c) {
    state_ = {};
    state_.replicas = ids(c.option("replicas", "1,2,3"));
    state_.isr = ids(c.option("isr"));
    state_.leader = BrokerId{1};
    state_.leader_epoch = LeaderEpoch{5};
    state_.partition_epoch = 10;
    min_ = std::size_t(c.number("min", 1));
    local_.end = local_.acknowledged = Offset{c.number("end", 0)};
    shown_ = Offset{c.number("hw", 0)};
    leader_.emplace(BrokerId{1}, state_, min_, local_, shown_, ReplicationTimes{}, now_);
    local(local_);
  }
  void local(Replication::Local local) {
    local_ = local;
    keep(leader_->on_local(local_, eligible_, now_));
  }
  void fetch(const Command& c) {
    const Offset at{c.number("at", 0)};
    keep(leader_->on_fetch({.from = BrokerId{std::stoi(c.words.at(1))},
                            .broker_epoch = c.number("epoch", 1),
                            .position = at,
                            .claim = Offset{c.number("claim", std::int32_t(at.value))}},
                           local_, eligible_, now_));
  }
  void image(const Command& c) {
    if (c.options.contains("isr")) state_.isr = ids(c.option("isr"));
    state_.partition_epoch = c.number("epoch", state_.partition_epoch + 1);
    min_ = std::size_t(c.number("min", std::int32_t(min_)));
    keep(leader_->on_image(state_, min_, local_, eligible_, now_));
  }
  void pass(Millis time) {
    const Instant until = now_ + time;
    while (again_ && *again_ <= until) {
      now_ = std::max(now_, *again_);
      keep(leader_->on_timer(eligible_, now_));
    }
    now_ = until;
  }
  void keep(const Replication::Step& step) {
    again_ = step.again;
    if (step.propose)
      output_.push_back(fmt::format("wants {} under {}", show(step.propose->isr), step.propose->partition_epoch));
    if (step.high_watermark != shown_) output_.push_back("high watermark " + to_string(step.high_watermark));
    EXPECT_GE(step.high_watermark, shown_) << "it fell";
    shown_ = step.high_watermark;
  }

  // "1@0,3@10": epochs and where they begin.
  void follow(const Command& c) {
    epochs_ = {};
    for (const auto& entry : group::split(c.option("epochs"), ',')) {
      const auto at = entry.find('@');
      epochs_.assign(LeaderEpoch{std::stoi(entry)}, Offset{std::stol(entry.substr(at + 1))});
    }
    at_ = {LeaderEpoch{c.number("leader_epoch", 5)}, Offset{c.number("end", 0)}, {}, c.number("empty", 0) == 1};
    if (at_.end > Offset{0}) at_.last_epoch = epochs_.epoch_at(at_.end - 1).value_or(kNoLeaderEpoch);
    asked_ = at_;
    asked_.end = Offset{c.number("asked_at", std::int32_t(at_.end.value))};
    asked_.leader_epoch = LeaderEpoch{c.number("asked_under", at_.leader_epoch.value)};
  }
  static Answer answer(const Command& c) {
    Answer answer;
    if (const auto wanted = c.option("error"); !wanted.empty())
      for (int code = -1; code < 140; ++code)
        if (name(ErrorCode(code)) == wanted) answer.error = ErrorCode(code);
    if (const auto diverging = c.option("diverging"); !diverging.empty())
      answer.diverging = record::EpochEnd{LeaderEpoch{std::stoi(diverging)},
                                          Offset{std::stol(diverging.substr(diverging.find('@') + 1))}};
    if (const auto start = c.option("start"); !start.empty()) answer.log_start = Offset{std::stol(start)};
    if (const auto first = c.option("first"); !first.empty())
      answer.first = BatchRange{Offset{std::stol(first)}, Offset{std::stol(first.substr(first.find("..") + 2))}};
    return answer;
  }
  void say(const Next& next) {
    struct {
      std::string operator()(Append) const { return "append"; }
      std::string operator()(Truncate t) const { return "truncate to " + to_string(t.to); }
      std::string operator()(StartOver s) const { return "start over at " + to_string(s.at); }
      std::string operator()(BeginWithBatch b) const { return "begin with the batch at " + to_string(b.at); }
      std::string operator()(AskOffsets) const { return "ask for the leader's offsets"; }
      std::string operator()(Later l) const {
        return fmt::format("later, in {} ms", std::chrono::duration_cast<Millis>(l.wait).count());
      }
      std::string operator()(Drop) const { return "drop"; }
    } words;
    output_.push_back(std::visit(words, next));
  }

  metadata::Partition state_;
  std::size_t min_ = 1;
  Replication::Local local_{};
  Instant now_ = 100s;
  std::vector<BrokerId> ineligible_;
  Replication::Eligible eligible_ = [this](BrokerId id, std::int64_t) {
    return std::ranges::find(ineligible_, id) == ineligible_.end();
  };
  std::optional<Replication> leader_;
  std::optional<Instant> again_;
  Offset shown_{0};

  Position at_, asked_;
  record::LeaderEpochCache epochs_;
  std::vector<std::string> output_;
};

class Script : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(Script, HappensAsWritten) {
  World world;
  for (const auto& step : group::read_script(GetParam()))
    EXPECT_EQ(world.run(step.command), step.expected)
        << GetParam().filename().string() << ":" << step.line << ": " << step.command;
}

INSTANTIATE_TEST_SUITE_P(Replication, Script, ::testing::ValuesIn(group::scripts_in(TESTDATA)),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace thalweg::replication
