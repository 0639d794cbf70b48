// Whatever lies in __consumer_offsets: decoding neither crashes nor reads outside, what was decoded is the same again
// after a round trip, and a machine that has applied it can be asked about it.
#include <algorithm>
#include <cstdint>
#include <string>
#include <variant>

#include "base/check.h"
#include "group/consumer_protocol.h"
#include "group/group_machine.h"

using namespace thalweg;
using namespace thalweg::group;

// Ends of transactions have none, and are no records of their own.
static std::string group_of(const OffsetsRecord& record) {
  return std::visit(
      [](const auto& one) {
        if constexpr (requires { one.group; })
          return one.group;
        else
          return std::string();
      },
      record);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const BytesView bytes = std::as_bytes(std::span(data, size));
  const std::size_t key_size = std::min<std::size_t>(data[0], size - 1);
  const auto key = SharedBytes::copy_of(bytes.subspan(1, key_size));
  const auto value = SharedBytes::copy_of(bytes.subspan(1 + key_size));
  subscribed_topics(value);

  const auto record = decode(key, value.empty() ? std::nullopt : std::optional(value));
  if (!record || !*record) return 0;
  const auto encoded = encode(**record);
  CHECK(encoded);
  const auto again = decode(encoded->key, encoded->value);
  CHECK(again && *again);

  GroupMachine machine({}, [] { return Uuid{1, 1}; });
  machine.apply(**record);
  machine.on_loaded(Instant(0), 0);
  const std::string id = group_of(**record);
  if (const auto* offset = std::get_if<OffsetRecord>(&**record); offset && offset->value) {
    OffsetRecord pending = *offset;
    pending.producer = machine::Producer{.id = ProducerId{1}, .epoch = ProducerEpoch{0}, .verification = {}};
    machine.apply(pending);
    machine.apply(
        machine::TransactionEnd{.producer_id = ProducerId{1}, .producer_epoch = ProducerEpoch{0}, .commit = true});
  }
  const RequestContext context{.version = 6};
  machine.on(protocol::DescribeGroupsRequest{.groups = {id}}, context, RequestId{1}, Instant(0), 0);
  machine.on(FetchOffsets{{.group_id = id, .topics = std::nullopt}}, context, RequestId{2}, Instant(0), 0);
  machine.on(
      protocol::JoinGroupRequest{
          .group_id = id, .session_timeout_ms = 10'000, .protocol_type = "consumer", .protocols = {{"range", {}}}},
      {.version = 3}, RequestId{3}, Instant(0), 0);
  machine.on_timer({}, Instant(0), 1LL << 50);
  return 0;
}
