// Between the conversations in testdata/*.txt and the messages of the protocol, for tests: commands become requests,
// responses become words. Clients have names, which stand for the member ids they were given last.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "group/group_machine.h"
#include "group/testing_script.h"
#include "protocol/consumer_protocol_subscription.h"
#include "protocol/wire.h"

namespace thalweg::group {

inline SharedBytes subscription(const std::vector<std::string>& topics, const std::string& owned,
                                std::int32_t generation) {
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

class ScriptMessages {
 public:
  // The client hears that it is this member.
  void learn(const std::string& client, const std::string& member_id) { ids_[client] = member_id; }

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

  // txn-commit p1 offsets=orders-0:10,orders-1:20 [producer=1] [epoch=0] [member=m1] [generation=1] [metadata=x]
  TransactionalCommit txn_commit(const Command& c) const {
    protocol::TxnOffsetCommitRequest request{.transactional_id = c.client(),
                                             .group_id = c.group(),
                                             .producer_id = producer(c),
                                             .producer_epoch = epoch(c),
                                             .generation_id_or_member_epoch = c.number("generation", -1),
                                             .group_instance_id = c.instance()};
    const auto known = ids_.find(c.option("member"));
    request.member_id = known == ids_.end() ? c.option("member") : known->second;
    for (const auto& part : split(c.option("offsets"), ',')) {
      const auto colon = part.find(':');
      const auto tp = topic_partition(part.substr(0, colon));
      request.topics.push_back({.name = tp.topic,
                                .partitions = {{.partition_index = tp.partition,
                                                .committed_offset = Offset{std::stoll(part.substr(colon + 1))},
                                                .committed_metadata = c.option("metadata")}}});
    }
    return {std::move(request)};
  }
  // end p1 commit|abort [producer=1] [epoch=0]
  static TransactionEnd end(const Command& c) {
    return {.producer_id = producer(c), .producer_epoch = epoch(c), .commit = c.words.at(2) == "commit"};
  }

  // fetch [offsets=orders-0,orders-1] [stable]
  FetchOffsets fetch(const Command& c) const {
    FetchOffsets request{{.group_id = c.group(), .topics = std::nullopt}};
    request.require_stable = std::ranges::find(c.words, "stable") != c.words.end();
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
  std::string show(const protocol::TxnOffsetCommitResponse& r) {
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

  std::string show(const OffsetRecord& r) {
    return "offset " + r.group + " " + r.topic + "-" + to_string(r.partition) + "=" +
           (r.value ? to_string(r.value->offset) : "gone") +
           (r.producer ? " pending for " + to_string(r.producer->id) + "/" + to_string(r.producer->epoch) : "");
  }
  std::string show(const TransactionEnd& r) {
    return std::string(r.commit ? "commit" : "abort") + " of " + to_string(r.producer_id) + "/" +
           to_string(r.producer_epoch);
  }
  std::string show(const GroupRecord& r) {
    if (!r.value) return "group " + r.group + " gone";
    std::vector<std::string> members;
    for (const auto& m : r.value->members)
      members.push_back(name_of(m.member_id) + ":" + std::string(m.assignment.text()));
    std::ranges::sort(members);
    return "group " + r.group + " generation=" + std::to_string(r.value->generation) +
           " members=" + join_words(members, ",");
  }

 private:
  // "p1" is producer 1 unless the command says otherwise.
  static ProducerId producer(const Command& c) { return {c.number("producer", std::stoi(c.client().substr(1)))}; }
  static ProducerEpoch epoch(const Command& c) { return {static_cast<std::int16_t>(c.number("epoch", 0))}; }

  std::map<std::string, std::string> ids_;  // client -> member id
};

}  // namespace thalweg::group
