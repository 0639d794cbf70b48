// Records of __consumer_offsets as JSON: what groups have committed. Other records of that topic are passed over.
#include <fmt/format.h>

#include "cli/message_formatter.h"
#include "cli/report.h"
#include "protocol/offset_commit_key.h"
#include "protocol/offset_commit_value.h"
#include "protocol/wire.h"

namespace thalweg::cli {
namespace {

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

std::string value_json(const OffsetCommitValue& value, std::int16_t version) {
  constexpr std::int16_t kWithExpiry = 1, kWithEpoch = 3, kWithTopicId = 4;
  std::string fields = fmt::format("\"offset\":{}", value.offset.value);
  if (version >= kWithEpoch) fields += fmt::format(",\"leaderEpoch\":{}", value.leader_epoch.value);
  fields += fmt::format(",\"metadata\":{},\"commitTimestamp\":{}", json_string(value.metadata), value.commit_timestamp);
  if (version == kWithExpiry) fields += fmt::format(",\"expireTimestamp\":{}", value.expire_timestamp);
  if (version >= kWithTopicId) fields += fmt::format(",\"topicId\":{}", json_string(to_string(value.topic_id)));
  return fmt::format("{{\"version\":{},\"data\":{{{}}}}}", version, fields);
}

class OffsetsFormatter : public MessageFormatter {
 public:
  Result<std::string> format(const admin::ConsumedRecord& record) override {
    if (!record.key) return "";
    TRY(auto key, read_version(*record.key));
    constexpr std::int16_t kLastOffsetKey = 1;
    if (key.version < 0 || key.version > kLastOffsetKey) return "";
    TRY(const auto who, OffsetCommitKey::decode(key.rest, OffsetCommitKey::kMaxVersion));
    std::string value = "null";
    if (record.value) {
      TRY(auto versioned, read_version(*record.value));
      TRY(const auto what, OffsetCommitValue::decode(versioned.rest, versioned.version));
      value = value_json(what, versioned.version);
    }
    return fmt::format(
        "{{\"key\":{{\"type\":{},\"data\":{{\"group\":{},\"topic\":{},\"partition\":{}}}}},\"value\":{}}}", key.version,
        json_string(who.group), json_string(who.topic), who.partition.value, value);
  }
};

}  // namespace

std::unique_ptr<MessageFormatter> make_offsets_formatter() { return std::make_unique<OffsetsFormatter>(); }

}  // namespace thalweg::cli
