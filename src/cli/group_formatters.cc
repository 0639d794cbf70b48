// Records of __consumer_offsets as JSON, in the fields and versions of Kafka's schemas: what groups have committed, and
// who is in them.
#include <fmt/format.h>

#include "cli/json.h"
#include "cli/message_formatter.h"
#include "json/writer.h"
#include "protocol/group_metadata_key.h"
#include "protocol/group_metadata_value.h"
#include "protocol/offset_commit_key.h"
#include "protocol/offset_commit_value.h"
#include "protocol/wire.h"

namespace thalweg::cli {
namespace {

using protocol::GroupMetadataKey;
using protocol::GroupMetadataValue;
using protocol::OffsetCommitKey;
using protocol::OffsetCommitValue;

// Keys and values of that topic begin with a version; among keys it also tells what they are.
struct Versioned {
  std::int16_t version = 0;
  protocol::Reader rest;
};
Result<Versioned> read_version(const std::string& bytes) {
  Versioned out{0, protocol::Reader(SharedBytes::copy_of(bytes))};
  out.rest.read(out.version);
  TRY_VOID(out.rest.status());
  return out;
}

// A record whose key is of these versions as JSON; nothing of other records. `key_fields` is what the key says.
template <class Key, class Value>
Result<std::string> record_json(const admin::ConsumedRecord& record, std::int16_t first, std::int16_t last,
                                std::string (*key_fields)(const Key&),
                                std::string (*value_json)(const Value&, std::int16_t version)) {
  if (!record.key) return "";
  TRY(auto key, read_version(*record.key));
  if (key.version < first || key.version > last) return "";
  TRY(const auto who, Key::decode(key.rest, Key::kMaxVersion));
  std::string value = "null";
  if (record.value) {
    TRY(auto versioned, read_version(*record.value));
    TRY(const auto what, Value::decode(versioned.rest, versioned.version));
    value = value_json(what, versioned.version);
  }
  return fmt::format("{{\"key\":{{\"type\":{},\"data\":{{{}}}}},\"value\":{}}}", key.version, key_fields(who), value);
}

std::string text_or_null(const std::optional<std::string>& text) { return text ? json::quoted(*text) : "null"; }

std::string value_json(const OffsetCommitValue& value, std::int16_t version) {
  constexpr std::int16_t kWithExpiry = 1, kWithEpoch = 3, kWithTopicId = 4;
  std::string fields = fmt::format("\"offset\":{}", value.offset.value);
  if (version >= kWithEpoch) fields += fmt::format(",\"leaderEpoch\":{}", value.leader_epoch.value);
  fields +=
      fmt::format(",\"metadata\":{},\"commitTimestamp\":{}", json::quoted(value.metadata), value.commit_timestamp);
  if (version == kWithExpiry) fields += fmt::format(",\"expireTimestamp\":{}", value.expire_timestamp);
  if (version >= kWithTopicId) fields += fmt::format(",\"topicId\":{}", json::quoted(to_string(value.topic_id)));
  return fmt::format("{{\"version\":{},\"data\":{{{}}}}}", version, fields);
}

std::string key_fields(const OffsetCommitKey& key) {
  return fmt::format("\"group\":{},\"topic\":{},\"partition\":{}", json::quoted(key.group), json::quoted(key.topic),
                     key.partition.value);
}

class OffsetsFormatter : public MessageFormatter {
 public:
  Result<std::string> format(const admin::ConsumedRecord& record) override {
    return record_json<OffsetCommitKey, OffsetCommitValue>(record, 0, 1, key_fields, value_json);
  }
};

std::string member_json(const GroupMetadataValue::MemberMetadata& member, std::int16_t version) {
  constexpr std::int16_t kWithRebalanceTimeout = 1, kWithInstance = 3;
  std::string fields = fmt::format("\"memberId\":{}", json::quoted(member.member_id));
  if (version >= kWithInstance) fields += ",\"groupInstanceId\":" + text_or_null(member.group_instance_id);
  fields += fmt::format(",\"clientId\":{},\"clientHost\":{}", json::quoted(member.client_id),
                        json::quoted(member.client_host));
  if (version >= kWithRebalanceTimeout) fields += fmt::format(",\"rebalanceTimeout\":{}", member.rebalance_timeout);
  return fmt::format("{{{},\"sessionTimeout\":{},\"subscription\":\"{}\",\"assignment\":\"{}\"}}", fields,
                     member.session_timeout, base64(as_text(member.subscription.view())),
                     base64(as_text(member.assignment.view())));
}

std::string value_json(const GroupMetadataValue& value, std::int16_t version) {
  constexpr std::int16_t kWithStateTimestamp = 2;
  std::string fields = fmt::format("\"protocolType\":{},\"generation\":{},\"protocol\":{},\"leader\":{}",
                                   json::quoted(value.protocol_type), value.generation, text_or_null(value.protocol),
                                   text_or_null(value.leader));
  if (version >= kWithStateTimestamp)
    fields += fmt::format(",\"currentStateTimestamp\":{}", value.current_state_timestamp);
  std::string members;
  for (const auto& member : value.members) members += (members.empty() ? "" : ",") + member_json(member, version);
  return fmt::format("{{\"version\":{},\"data\":{{{},\"members\":[{}]}}}}", version, fields, members);
}

std::string key_fields(const GroupMetadataKey& key) { return fmt::format("\"group\":{}", json::quoted(key.group)); }

class GroupMetadataFormatter : public MessageFormatter {
 public:
  Result<std::string> format(const admin::ConsumedRecord& record) override {
    return record_json<GroupMetadataKey, GroupMetadataValue>(record, 2, 2, key_fields, value_json);
  }
};

}  // namespace

std::unique_ptr<MessageFormatter> make_offsets_formatter() { return std::make_unique<OffsetsFormatter>(); }
std::unique_ptr<MessageFormatter> make_group_metadata_formatter() { return std::make_unique<GroupMetadataFormatter>(); }

}  // namespace thalweg::cli
