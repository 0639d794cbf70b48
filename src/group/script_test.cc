// Runs the conversations in testdata/*.txt against a GroupMachine; their language is in testing_script.h.
//
// The client a command names is answered without its name in front; answers to others, who were parked, carry theirs.
// Client names stand for the member ids they were given. Time begins at 0 and moves by "after" only.
// Everything that is appended goes through its bytes, and "restart" loads a new machine from them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/check.h"
#include "group/group_machine.h"
#include "group/testing_messages.h"
#include "group/testing_script.h"

namespace thalweg::group {
namespace {

class World {
 public:
  // The lines that the command brings about.
  std::vector<std::string> run(const std::string& line) {
    output_.clear();
    const Command command(line);
    const std::string& verb = command.words.at(0);
    asking_ = command.client();
    if (verb == "config")
      configure(command);
    else if (verb == "restart")
      start();
    else if (verb == "after")
      pass(duration(command.words.at(1)));
    else if (verb == "refuse")
      refuses_ = true;
    else if (verb == "log")
      show_log();
    else
      ask(verb, command);
    return output_;
  }

 private:
  void configure(const Command& command) {
    for (const auto& [key, value] : command.options) {
      if (key == "initial_delay")
        config_.initial_rebalance_delay = duration(value);
      else if (key == "size_max")
        config_.size_max = std::stoi(value);
      else if (key == "retention")
        config_.offsets_retention = duration(value);
      else if (key == "metadata_max")
        config_.offset_metadata_length_max = static_cast<std::size_t>(std::stoi(value));
      else if (key == "pending_max")
        config_.pending_bytes_max = static_cast<std::size_t>(std::stoi(value));
      else if (key == "append_max")
        config_.append_bytes_max = static_cast<std::size_t>(std::stoi(value));
      else
        FAIL() << "no such setting: " << key;
    }
    start();
  }

  void start() {
    machine_ = std::make_unique<GroupMachine>(config_, [this] { return Uuid{0, ++uuids_}; });
    timers_.clear();
    waiting_.clear();
    for (const auto& entry : log_) {
      if (entry.end) {
        machine_->apply(*entry.end);
        continue;
      }
      auto record = decode(entry.bytes.key, entry.bytes.value);
      CHECK(record && *record);
      if (auto* offset = std::get_if<OffsetRecord>(&**record)) offset->producer = entry.producer;
      machine_->apply(**record);
    }
    perform(machine_->on_loaded(now_, wall()));
  }

  Timestamp wall() const { return 1'700'000'000'000 + std::chrono::duration_cast<Millis>(now_).count(); }

  void pass(Millis time) {
    const Instant to = now_ + time;
    for (;;) {
      const auto next = std::ranges::min_element(timers_, {}, [](const auto& t) { return t.second; });
      if (next == timers_.end() || next->second > to) break;
      const TimerKey key = next->first;
      now_ = std::max(now_, next->second);
      timers_.erase(next);
      fired_ = key;
      perform(machine_->on_timer(key, now_, wall()));
      fired_.reset();
    }
    now_ = to;
  }

  void perform(Effects effects) {
    if (!effects.append.empty() && std::exchange(refuses_, false)) return refuse();
    for (const auto& record : effects.append) {
      appended_.push_back(record);
      write(record);
      machine_->apply(record);
    }
    for (const auto& change : effects.timers) {
      if (change.at)
        timers_[change.key] = *change.at;
      else
        timers_.erase(change.key);
    }
    report(effects.replies);
  }

  // Through its bytes; what is in the header of a batch is beside them.
  void write(const OffsetsRecord& record) {
    if (const auto* end = std::get_if<TransactionEnd>(&record)) {
      log_.push_back({.end = *end});
      return;
    }
    const auto bytes = encode(record);
    CHECK(bytes);
    log_.push_back({.bytes = *bytes});
    auto again = decode(bytes->key, bytes->value);
    CHECK(again && *again);
    if (const auto* offset = std::get_if<OffsetRecord>(&record)) {
      log_.back().producer = offset->producer;
      std::get<OffsetRecord>(**again).producer = offset->producer;
    }
    EXPECT_EQ(**again, record);
  }

  // As replicated::Host does when the journal has no room: who asked is told, and a timer fires again a second later.
  void refuse() {
    machine_->undo();
    if (fired_) timers_[*fired_] = now_ + std::chrono::seconds(1);
    if (waiting_.erase(asked_) > 0) output_.push_back("refused");
  }

  // The asker's own answer first, then the others by name: the order of one step's replies means nothing.
  void report(const std::vector<machine::ReplyTo<RequestId, Reply>>& replies) {
    for (const auto& reply : replies) {
      const auto* join = std::get_if<protocol::JoinGroupResponse>(&reply.reply);
      if (join && !join->member_id.empty()) messages_.learn(waiting_.at(reply.id), join->member_id);
    }
    std::vector<std::string> others;
    for (const auto& reply : replies) {
      const std::string client = waiting_.at(reply.id);
      waiting_.erase(reply.id);
      const std::string text = std::visit([&](const auto& r) { return messages_.show(r); }, reply.reply);
      if (reply.id == asked_)
        output_.push_back(text);
      else
        others.push_back(client + ": " + text);
    }
    std::ranges::sort(others);
    output_.insert(output_.end(), others.begin(), others.end());
  }

  template <class Request>
  void send(const Request& request, const Command& command, std::int16_t version) {
    if (!machine_) start();
    asked_ = RequestId{++requests_};
    waiting_[asked_] = asking_;
    const RequestContext context{.version = version, .client_id = asking_, .client_host = "/127.0.0.1"};
    perform(machine_->on(request, context, asked_, now_, wall()));
    if (waiting_.contains(asked_)) output_.insert(output_.begin(), "parked");
    asked_ = RequestId{0};
  }

  void ask(const std::string& verb, const Command& c) {
    const auto version = [&](int otherwise) { return static_cast<std::int16_t>(c.number("version", otherwise)); };
    if (verb == "join")
      send(messages_.join(c), c, version(9));
    else if (verb == "sync")
      send(messages_.sync(c), c, version(4));
    else if (verb == "heartbeat")
      send(protocol::HeartbeatRequest{c.group(), c.number("generation", 0), messages_.id_of(c), c.instance()}, c,
           version(4));
    else if (verb == "leave")
      send(messages_.leave(c), c, version(5));
    else if (verb == "commit")
      send(messages_.commit(c), c, version(8));
    else if (verb == "txn-commit")
      send(messages_.txn_commit(c), c, version(5));
    else if (verb == "end")
      send(messages_.end(c), c, version(0));
    else if (verb == "fetch")
      send(messages_.fetch(c), c, version(8));
    else if (verb == "describe")
      send(protocol::DescribeGroupsRequest{.groups = {c.group()}}, c, version(6));
    else if (verb == "list")
      send(protocol::ListGroupsRequest{split(c.option("states"), ','), split(c.option("types"), ',')}, c, version(5));
    else if (verb == "delete")
      send(protocol::DeleteGroupsRequest{{c.group()}}, c, version(2));
    else if (verb == "delete-offsets")
      send(messages_.delete_offsets(c), c, version(0));
    else if (verb == "delete-topics")
      send(TopicsDeleted{split(c.option("topics"), ',')}, c, version(0));
    else
      FAIL() << "no such command: " << verb;
  }

  // What was appended since the last look.
  void show_log() {
    for (const auto& record : std::exchange(appended_, {}))
      output_.push_back(std::visit([&](const auto& r) { return messages_.show(r); }, record));
    if (output_.empty()) output_.push_back("nothing");
  }

  GroupConfig config_;
  ScriptMessages messages_;
  std::unique_ptr<GroupMachine> machine_;
  Instant now_{0};
  std::uint64_t uuids_ = 0, requests_ = 0;
  std::map<TimerKey, Instant> timers_;
  struct Logged {
    KeyValue bytes;
    std::optional<machine::Producer> producer = std::nullopt;
    std::optional<TransactionEnd> end = std::nullopt;
  };
  std::vector<Logged> log_;
  std::vector<OffsetsRecord> appended_;
  std::map<RequestId, std::string> waiting_;  // request -> client
  std::string asking_;
  RequestId asked_{0};
  std::optional<TimerKey> fired_;
  bool refuses_ = false;  // the journal, the next append
  std::vector<std::string> output_;
};

class Script : public ::testing::TestWithParam<std::filesystem::path> {};

TEST_P(Script, HappensAsWritten) {
  World world;
  for (const auto& step : read_script(GetParam())) {
    auto actual = world.run(step.command);
    // A command that brings about nothing but success needs no arrow.
    if (step.expected.empty() && actual == std::vector<std::string>{"ok"}) actual.clear();
    EXPECT_EQ(actual, step.expected) << GetParam().filename().string() << ":" << step.line << ": " << step.command
                                     << "\n  brought about:\n    -> " << join_words(actual, "\n    -> ");
  }
}

INSTANTIATE_TEST_SUITE_P(Group, Script, ::testing::ValuesIn(scripts_in(TESTDATA)),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace thalweg::group
