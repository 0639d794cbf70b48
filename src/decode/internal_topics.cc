#include "decode/internal_topics.h"

#include "base/base64.h"
#include "base/utf8.h"
#include "decode/json_sink.h"
#include "group/group_records.h"
#include "json/writer.h"

namespace thalweg::decode {
namespace {

constexpr std::string_view kOffsetsTopic = "__consumer_offsets";

json::Value text_or_null(const std::optional<std::string>& text) { return text ? json::Value(*text) : json::Value(); }

json::Value key_tree(const group::OffsetRecord& record) {
  return json::Object::of({{"type", "offset"},
                           {"group", record.group},
                           {"topic", record.topic},
                           {"partition", std::int64_t(record.partition.value)}});
}
json::Value key_tree(const group::GroupRecord& record) {
  return json::Object::of({{"type", "group"}, {"group", record.group}});
}

json::Value value_tree(const protocol::OffsetCommitValue& value) {
  return json::Object::of({{"offset", value.offset.value},
                           {"leader_epoch", std::int64_t(value.leader_epoch.value)},
                           {"metadata", value.metadata},
                           {"commit_timestamp", value.commit_timestamp},
                           {"expire_timestamp", value.expire_timestamp}});
}
json::Value value_tree(const protocol::GroupMetadataValue& value) {
  json::Array members;
  for (const auto& member : value.members)
    members.push_back(json::Object::of({{"member_id", member.member_id},
                                        {"group_instance_id", text_or_null(member.group_instance_id)},
                                        {"client_id", member.client_id},
                                        {"client_host", member.client_host},
                                        {"rebalance_timeout", std::int64_t(member.rebalance_timeout)},
                                        {"session_timeout", std::int64_t(member.session_timeout)},
                                        {"subscription", base64(as_text(member.subscription.view()))},
                                        {"assignment", base64(as_text(member.assignment.view()))}}));
  return json::Object::of({{"protocol_type", value.protocol_type},
                           {"generation", std::int64_t(value.generation)},
                           {"protocol", text_or_null(value.protocol)},
                           {"leader", text_or_null(value.leader)},
                           {"current_state_timestamp", value.current_state_timestamp},
                           {"members", std::move(members)}});
}

Decoded shown_tree(const json::Value& tree, std::size_t text_max, std::string why) {
  const std::string text = json::write(tree);
  Decoded out{.format = Format::kInternal,
              .text = std::string(cut_between_characters(text, text_max)),
              .is_json = true,
              .cut = false,
              .why = std::move(why),
              .flaw = {}};
  out.cut = out.text.size() < text.size();
  return out;
}

template <class Record>
InternalRecord shown_record(const Record& record, std::size_t text_max) {
  const std::string why = "It is a record of " + std::string(kOffsetsTopic) + ".";
  InternalRecord out{shown_tree(key_tree(record), text_max, why), {}};
  if (record.value)
    out.value = shown_tree(value_tree(*record.value), text_max, why);
  else
    out.value = {.format = Format::kNull, .text = {}, .why = "A tombstone: the group or offset is gone."};
  return out;
}

}  // namespace

std::optional<InternalRecord> read_internal(std::string_view topic, const RecordBytes& record, std::size_t text_max) {
  if (topic != kOffsetsTopic || !record.key) return std::nullopt;
  const auto decoded = group::decode(SharedBytes::copy_of(*record.key),
                                     record.value ? std::optional(SharedBytes::copy_of(*record.value)) : std::nullopt);
  if (!decoded || !*decoded) return std::nullopt;
  if (const auto* offset = std::get_if<group::OffsetRecord>(&**decoded)) return shown_record(*offset, text_max);
  return shown_record(std::get<group::GroupRecord>(**decoded), text_max);  // what else has no key
}

}  // namespace thalweg::decode
