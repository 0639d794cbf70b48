// POST /topics/{topic}/records: a record is written by Produce with acks=all, where the partition is led.
#include "base/log.h"
#include "console/new_payload.h"
#include "console/record_places.h"
#include "console/record_write.h"
#include "console/routes.h"
#include "console/topic_rows.h"
#include "record/builder.h"
#include "record/hash.h"

namespace thalweg::console {
namespace {

constexpr std::size_t kHeadersMax = 10'000;

// What was typed, as bytes.
struct TypedRecord {
  std::optional<std::string> key, value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
};

Outcome<std::optional<std::string>> side_of(const std::optional<NewPayload>& payload, const std::string& at) {
  if (!payload) return std::nullopt;
  TRY(auto bytes, bytes_of(*payload, at));
  return std::optional(std::move(bytes));
}

Outcome<TypedRecord> typed_in(const NewRecord& record) {
  TypedRecord typed;
  TRY(typed.key, side_of(record.key, "/key"));
  TRY(typed.value, side_of(record.value, "/value"));
  if (!record.headers) return typed;
  if (record.headers->size() > kHeadersMax)
    return std::unexpected(invalid("/headers", "at most " + std::to_string(kHeadersMax)));
  for (const auto& header : *record.headers) {
    TRY(auto value, side_of(header.value, "/headers/" + std::to_string(typed.headers.size()) + "/value"));
    typed.headers.emplace_back(header.name, std::move(value));
  }
  return typed;
}

// As Java's default partitioner: by the hash of the key, and without a key any.
Outcome<PartitionPlace> choose_partition(const Call& call, const metadata::Topic& topic, const NewRecord& record,
                                         const TypedRecord& typed) {
  const auto count = std::int32_t(topic.partitions.size());
  if (record.partition) {
    TRY(auto places, places_in(topic, std::to_string(*record.partition)));
    return std::move(places.front());
  }
  if (typed.key) return place_in(topic, record::partition_for_key(as_bytes(*typed.key), count));
  const auto any = call.broker().shard0().random.next() % std::uint64_t(count);
  return place_in(topic, PartitionId{std::int32_t(any)});
}

SharedBytes batch_of(const TypedRecord& typed, Timestamp timestamp) {
  const auto view = [](const std::optional<std::string>& text) {
    return text ? std::optional(as_bytes(*text)) : std::nullopt;
  };
  std::vector<record::HeaderView> headers;
  for (const auto& [name, value] : typed.headers) headers.push_back({name, view(value)});
  record::BatchBuilder builder;
  builder.append({.timestamp = timestamp, .key = view(typed.key), .value = view(typed.value), .headers = headers});
  return std::move(builder).build();
}

Problem not_written(const PartitionPlace& place, ErrorCode code, std::string message) {
  if (message.empty()) message = describe(code);
  Problem problem =
      problem_of(code, "The record was not written to partition " + to_string(place.partition) + ": " + message);
  if (code == ErrorCode::kMessageTooLarge || code == ErrorCode::kRecordListTooLarge) {
    problem.status = 413;
    problem.hint = "max.message.bytes of the topic says how large a record may be";
  }
  if (code == ErrorCode::kInvalidRecord || code == ErrorCode::kInvalidTimestamp) problem.status = 422;
  // To write it again may write it twice.
  if (is_unknown_outcome(code)) {
    problem.title =
        "It is not known whether the record was written to partition " + to_string(place.partition) + ": " + message;
    problem.status = 504;  // not 503, which says that nothing was done
    problem.hint = "look for it before you write it again";
  }
  return problem;
}

Outcome<WrittenRecord> written(const PartitionPlace& place, Timestamp timestamp, const Result<WrittenBatch>& batch) {
  if (!batch) return std::unexpected(not_written(place, batch.error().code, batch.error().message));
  return WrittenRecord{.partition = place.partition.value,
                       .offset = batch->base_offset.value,
                       .timestamp = batch->appended_at == kNoTimestamp ? timestamp : batch->appended_at};
}

void audit(const Call& call, const std::string& topic, const Outcome<WrittenRecord>& outcome) {
  log::info("console change", field("what", "produce"), field("who", call.client->principal),
            field("from", call.client->client_host), field("topic", topic),
            field("outcome", outcome ? "partition " + std::to_string(outcome->partition) + ", offset " +
                                           std::to_string(outcome->offset)
                                     : outcome.error().title));
}

Task<Outcome<WrittenRecord>> new_record(const Call& call, PostTopicRecords asked) {
  CO_TRY(const auto topic, find_topic(call, asked.topic));
  if (!call.allows(broker::Operation::kWrite, broker::topic_resource(asked.topic)))
    co_return std::unexpected(problem_of(ErrorCode::kTopicAuthorizationFailed,
                                         call.client->principal + " may not write to " + asked.topic,
                                         "writing needs the operation Write on the topic"));
  CO_TRY(const auto typed, typed_in(asked.body));
  CO_TRY(const auto place, choose_partition(call, *topic, asked.body, typed));
  const Timestamp timestamp = asked.body.timestamp.value_or(call.now);
  auto outcome = written(place, timestamp, co_await write_batch(call, place, batch_of(typed, timestamp)));
  audit(call, asked.topic, outcome);
  co_return outcome;
}

}  // namespace

void add_new_records(Routes& routes) { routes.add<PostTopicRecords, new_record, Routes::kRecordBodyMax>(); }

}  // namespace thalweg::console
