// Runs the conversations in testdata/*.txt against a GroupMachine.
//
// A line is a command, and behind "->" what it brings about, one thing per line:
//
//   join m1 topics=orders            -> parked
//   after 3s                         -> m1: generation=1 leader=m1 members=m1
//
// The client a command names is answered without its name in front; answers to others, who were parked, carry theirs.
// Client names stand for the member ids they were given. Time begins at 0 and moves by "after" only.
// Everything that is appended goes through its bytes, and "restart" loads a new machine from them.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/check.h"
#include "group/group_machine.h"
#include "protocol/consumer_protocol_subscription.h"
#include "protocol/wire.h"

namespace thalweg::group {
namespace {

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  std::stringstream stream{std::string(text)};
  for (std::string part; std::getline(stream, part, at);)
    if (!part.empty()) parts.push_back(part);
  return parts;
}

std::string join_words(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

// "3s", "500ms", "10m", "2h", "8d"
Millis duration(const std::string& text) {
  std::size_t end = 0;
  const std::int64_t count = std::stoll(text, &end);
  const std::string unit = text.substr(end);
  const std::map<std::string, std::int64_t> units{
      {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  CHECK(units.contains(unit));
  return Millis(count * units.at(unit));
}

// "orders-3"
TopicPartition topic_partition(const std::string& text) {
  const auto dash = text.rfind('-');
  return {text.substr(0, dash), PartitionId{std::stoi(text.substr(dash + 1))}};
}

SharedBytes subscription(const std::vector<std::string>& topics, const std::string& owned, std::int32_t generation) {
  protocol::ConsumerProtocolSubscription value{.topics = topics, .generation_id = generation};
  for (const auto& text : split(owned, ',')) {
    const auto tp = topic_partition(text);
    value.owned_partitions.push_back({tp.topic, {tp.partition}});
  }
  protocol::Writer writer;
  writer.write(std::int16_t{2});
  value.encode(writer, 2);
  return writer.take_bytes();
}

// One line taken apart: "join m1 topics=orders version=9" -> words {"join", "m1"}, options {topics, version}.
struct Command {
  std::vector<std::string> words;
  std::map<std::string, std::string> options;

  explicit Command(const std::string& text) {
    for (const auto& word : split(text, ' ')) {
      const auto equals = word.find('=');
      if (equals == std::string::npos)
        words.push_back(word);
      else
        options[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  std::string option(const std::string& key, const std::string& otherwise = "") const {
    const auto at = options.find(key);
    return at == options.end() ? otherwise : at->second;
  }
  std::int32_t number(const std::string& key, std::int32_t otherwise) const {
    const auto at = options.find(key);
    return at == options.end() ? otherwise : std::stoi(at->second);
  }
  std::int32_t millis(const std::string& key, const std::string& otherwise) const {
    return static_cast<std::int32_t>(duration(option(key, otherwise)).count());
  }
  std::optional<std::string> instance() const {
    return options.contains("instance") ? std::optional(options.at("instance")) : std::nullopt;
  }
  std::string group() const { return option("group", "g"); }
  std::string client() const { return words.size() > 1 ? words[1] : ""; }
};

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
        config_.offset_metadata_bytes_max = static_cast<std::size_t>(std::stoi(value));
      else
        FAIL() << "no such setting: " << key;
    }
    start();
  }

  void start() {
    machine_ = std::make_unique<GroupMachine>(config_, [this] { return Uuid{0, ++uuids_}; });
    timers_.clear();
    waiting_.clear();
    for (const auto& [key, value] : log_) {
      const auto record = decode(key, value);
      CHECK(record && *record);
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
      perform(machine_->on_timer(key, now_, wall()));
    }
    now_ = to;
  }

  void perform(Effects effects) {
    for (const auto& record : effects.append) {
      appended_.push_back(record);
      log_.push_back(encode(record));
      const auto again = decode(log_.back().key, log_.back().value);
      CHECK(again && *again);
      EXPECT_EQ(**again, record);
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

  // The asker's own answer first, then the others by name: the order of one step's replies means nothing.
  void report(const std::vector<Effects::GivenReply>& replies) {
    for (const auto& reply : replies) {
      const auto* join = std::get_if<protocol::JoinGroupResponse>(&reply.reply);
      if (join && !join->member_id.empty()) ids_[waiting_.at(reply.id)] = join->member_id;
    }
    std::vector<std::string> others;
    for (const auto& reply : replies) {
      const std::string client = waiting_.at(reply.id);
      waiting_.erase(reply.id);
      const std::string text = std::visit([&](const auto& r) { return show(r); }, reply.reply);
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
      send(join(c), c, version(9));
    else if (verb == "sync")
      send(sync(c), c, version(5));
    else if (verb == "heartbeat")
      send(protocol::HeartbeatRequest{c.group(), c.number("generation", 0), id_of(c), c.instance()}, c, version(4));
    else if (verb == "leave")
      send(leave(c), c, version(5));
    else if (verb == "commit")
      send(commit(c), c, version(8));
    else if (verb == "fetch")
      send(fetch(c), c, version(8));
    else if (verb == "describe")
      send(protocol::DescribeGroupsRequest{.groups = {c.group()}}, c, version(6));
    else if (verb == "list")
      send(protocol::ListGroupsRequest{split(c.option("states"), ','), split(c.option("types"), ',')}, c, version(5));
    else if (verb == "delete")
      send(protocol::DeleteGroupsRequest{{c.group()}}, c, version(2));
    else if (verb == "delete-offsets")
      send(delete_offsets(c), c, version(0));
    else if (verb == "delete-topics")
      send(TopicsDeleted{split(c.option("topics"), ',')}, c, version(0));
    else
      FAIL() << "no such command: " << verb;
  }

  // The member id a client was given last; "id=none" and "id=<text>" send something else.
  std::string id_of(const Command& c) const {
    const std::string text = c.option("id");
    if (text == "none") return "";
    const std::string& name = text.empty() ? c.client() : text;
    const auto at = ids_.find(name);
    if (at != ids_.end()) return at->second;
    return text;
  }
  std::string name_of(const std::string& member_id) const {
    for (const auto& [name, id] : ids_)
      if (id == member_id) return name;
    // Its owner has not been told yet: the name in front of the uuid.
    constexpr std::size_t kUuidSize = 36;
    return member_id.size() > kUuidSize ? member_id.substr(0, member_id.size() - kUuidSize - 1) : member_id;
  }

  // join m1 [topics=a,b] [protocols=range,sticky] [owned=a-0] [instance=i] [session=10s] [rebalance=60s] [id=none]
  protocol::JoinGroupRequest join(const Command& c) const {
    protocol::JoinGroupRequest request{.group_id = c.group(),
                                       .session_timeout_ms = c.millis("session", "10s"),
                                       .rebalance_timeout_ms = c.millis("rebalance", "60s"),
                                       .member_id = id_of(c),
                                       .group_instance_id = c.instance(),
                                       .protocol_type = c.option("type", "consumer")};
    const auto metadata = subscription(split(c.option("topics", "orders"), ','), c.option("owned"), -1);
    for (const auto& name : split(c.option("protocols", "range"), ',')) request.protocols.push_back({name, metadata});
    if (c.option("protocols") == "none") request.protocols.clear();
    return request;
  }

  // sync m1 generation=1 [assign=m1:orders-0,m2:orders-1]
  protocol::SyncGroupRequest sync(const Command& c) const {
    protocol::SyncGroupRequest request{.group_id = c.group(),
                                       .generation_id = c.number("generation", 0),
                                       .member_id = id_of(c),
                                       .group_instance_id = c.instance()};
    if (c.options.contains("type")) request.protocol_type = c.option("type");
    if (c.options.contains("protocol")) request.protocol_name = c.option("protocol");
    for (const auto& part : split(c.option("assign"), ',')) {
      const auto colon = part.find(':');
      const auto member = ids_.find(part.substr(0, colon));
      CHECK(member != ids_.end());
      request.assignments.push_back({member->second, SharedBytes::copy_of(std::string_view(part).substr(colon + 1))});
    }
    return request;
  }

  // leave m1 [instance=i]; leave admin members=m1,m2 instances=i1
  protocol::LeaveGroupRequest leave(const Command& c) const {
    protocol::LeaveGroupRequest request{.group_id = c.group(), .member_id = id_of(c)};
    for (const auto& instance : split(c.option("instances"), ',')) request.members.push_back({"", instance});
    for (const auto& member : split(c.option("members"), ','))
      request.members.push_back({ids_.contains(member) ? ids_.at(member) : member});
    if (request.members.empty()) request.members.push_back({id_of(c), c.instance()});
    return request;
  }

  // commit m1 generation=1 offsets=orders-0:10,orders-1:20 [metadata=x] [retention=1h]
  protocol::OffsetCommitRequest commit(const Command& c) const {
    protocol::OffsetCommitRequest request{.group_id = c.group(),
                                          .generation_id_or_member_epoch = c.number("generation", -1),
                                          .member_id = id_of(c),
                                          .group_instance_id = c.instance()};
    if (c.options.contains("retention")) request.retention_time_ms = duration(c.option("retention")).count();
    for (const auto& part : split(c.option("offsets"), ',')) {
      const auto colon = part.find(':');
      const auto tp = topic_partition(part.substr(0, colon));
      request.topics.push_back({.name = tp.topic,
                                .partitions = {{.partition_index = tp.partition,
                                                .committed_offset = Offset{std::stoll(part.substr(colon + 1))},
                                                .committed_metadata = c.option("metadata")}}});
    }
    return request;
  }

  FetchOffsets fetch(const Command& c) const {
    FetchOffsets request{{.group_id = c.group(), .topics = std::nullopt}};
    if (c.options.contains("offsets")) {
      request.group.topics.emplace();
      for (const auto& part : split(c.option("offsets"), ',')) {
        const auto tp = topic_partition(part);
        request.group.topics->push_back({.name = tp.topic, .partition_indexes = {tp.partition}});
      }
    }
    return request;
  }

  protocol::OffsetDeleteRequest delete_offsets(const Command& c) const {
    protocol::OffsetDeleteRequest request{.group_id = c.group()};
    for (const auto& part : split(c.option("offsets"), ',')) {
      const auto tp = topic_partition(part);
      request.topics.push_back({tp.topic, {{tp.partition}}});
    }
    return request;
  }

  static std::string show(ErrorCode error) { return error == ErrorCode::kNone ? "ok" : std::string(name(error)); }

  std::string show(const protocol::JoinGroupResponse& r) {
    if (r.error_code != ErrorCode::kNone) return show(r.error_code);
    std::string text = "generation=" + std::to_string(r.generation_id) + " leader=" + name_of(r.leader);
    if (r.protocol_name != "range") text += " protocol=" + r.protocol_name.value_or("null");
    std::vector<std::string> members;
    for (const auto& m : r.members) members.push_back(name_of(m.member_id));
    std::ranges::sort(members);
    if (!members.empty()) text += " members=" + join_words(members, ",");
    return text + (r.skip_assignment ? " skip_assignment" : "");
  }
  std::string show(const protocol::SyncGroupResponse& r) {
    return r.error_code != ErrorCode::kNone ? show(r.error_code) : "assignment=" + std::string(r.assignment.text());
  }
  std::string show(const protocol::HeartbeatResponse& r) { return show(r.error_code); }
  std::string show(const protocol::LeaveGroupResponse& r) {
    std::string text = show(r.error_code);
    for (const auto& m : r.members) {
      if (r.members.size() == 1 && m.error_code == r.error_code) break;
      text += " " + (m.member_id.empty() ? *m.group_instance_id : name_of(m.member_id)) + "=" + show(m.error_code);
    }
    return text;
  }
  std::string show(const protocol::OffsetCommitResponse& r) {
    std::vector<std::string> words;
    for (const auto& topic : r.topics)
      for (const auto& p : topic.partitions) words.push_back(show(p.error_code));
    return join_words(words, " ");
  }
  std::string show(const protocol::OffsetFetchResponse::OffsetFetchResponseGroup& r) {
    std::vector<std::string> words;
    for (const auto& topic : r.topics) {
      for (const auto& p : topic.partitions) {
        words.push_back(topic.name + "-" + to_string(p.partition_index) + "=" + to_string(p.committed_offset));
        if (!p.metadata.value_or("").empty()) words.back() += "(" + *p.metadata + ")";
        if (p.error_code != ErrorCode::kNone) words.back() += "!" + show(p.error_code);
      }
    }
    return words.empty() ? "nothing" : join_words(words, " ");
  }
  std::string show(const protocol::OffsetDeleteResponse& r) {
    if (r.error_code != ErrorCode::kNone) return show(r.error_code);
    std::vector<std::string> words;
    for (const auto& topic : r.topics)
      for (const auto& p : topic.partitions) words.push_back(show(p.error_code));
    return join_words(words, " ");
  }
  std::string show(const protocol::DescribeGroupsResponse& r) {
    const auto& group = r.groups.at(0);
    std::string text = group.group_state;
    if (group.error_code != ErrorCode::kNone) text += " " + show(group.error_code);
    if (!group.protocol_data.empty()) text += " protocol=" + group.protocol_data;
    std::vector<std::string> members;
    for (const auto& m : group.members) {
      members.push_back(name_of(m.member_id));
      if (!m.member_assignment.empty()) members.back() += ":" + std::string(m.member_assignment.text());
    }
    std::ranges::sort(members);
    return members.empty() ? text : text + " members=" + join_words(members, ",");
  }
  std::string show(const protocol::ListGroupsResponse& r) {
    std::vector<std::string> words;
    for (const auto& g : r.groups)
      words.push_back(g.group_id + ":" + g.group_state + (g.protocol_type.empty() ? "" : ":" + g.protocol_type));
    return words.empty() ? "nothing" : join_words(words, " ");
  }
  std::string show(const protocol::DeleteGroupsResponse& r) { return show(r.results.at(0).error_code); }
  std::string show(const Done&) { return "ok"; }

  // What was appended since the last look.
  void show_log() {
    for (const auto& record : std::exchange(appended_, {})) {
      if (const auto* offset = std::get_if<OffsetRecord>(&record)) {
        output_.push_back("offset " + offset->group + " " + offset->topic + "-" + to_string(offset->partition) + "=" +
                          (offset->value ? to_string(offset->value->offset) : "gone"));
      } else {
        const auto& group = std::get<GroupRecord>(record);
        std::string text = "group " + group.group + " ";
        if (!group.value) {
          text += "gone";
        } else {
          text += "generation=" + std::to_string(group.value->generation);
          std::vector<std::string> members;
          for (const auto& m : group.value->members)
            members.push_back(name_of(m.member_id) + ":" + std::string(m.assignment.text()));
          std::ranges::sort(members);
          text += " members=" + join_words(members, ",");
        }
        output_.push_back(text);
      }
    }
    if (output_.empty()) output_.push_back("nothing");
  }

  GroupConfig config_;
  std::unique_ptr<GroupMachine> machine_;
  Instant now_{0};
  std::uint64_t uuids_ = 0, requests_ = 0;
  std::map<TimerKey, Instant> timers_;
  std::vector<KeyValue> log_;
  std::vector<OffsetsRecord> appended_;
  std::map<RequestId, std::string> waiting_;  // request -> client
  std::map<std::string, std::string> ids_;    // client -> member id
  std::string asking_;
  RequestId asked_{0};
  std::vector<std::string> output_;
};

struct ScriptStep {
  int line;
  std::string command;
  std::vector<std::string> expected;
};

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::vector<ScriptStep> read_script(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<ScriptStep> steps;
  std::string text;
  for (int line = 1; std::getline(file, text); ++line) {
    if (const auto hash = text.find('#'); hash != std::string::npos) text.resize(hash);
    if (trimmed(text).empty()) continue;
    const auto arrow = text.find("->");
    const std::string command = trimmed(text.substr(0, arrow));
    if (!command.empty()) steps.push_back({line, command, {}});
    if (arrow != std::string::npos) steps.back().expected.push_back(trimmed(text.substr(arrow + 2)));
  }
  return steps;
}

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

std::vector<std::filesystem::path> scripts() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(TESTDATA))
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  std::ranges::sort(paths);
  return paths;
}

INSTANTIATE_TEST_SUITE_P(Group, Script, ::testing::ValuesIn(scripts()),
                         [](const auto& info) { return info.param.stem().string(); });

}  // namespace
}  // namespace thalweg::group
