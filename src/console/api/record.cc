// /topics/{topic}/records/{partition}/{offset}: one record, and its key and value as they are.
#include "base/number.h"
#include "console/record_places.h"
#include "console/record_reading.h"
#include "console/routes.h"

namespace thalweg::console {
namespace {

template <class Asked>
Task<Outcome<WholeRecord>> whole(const Call& call, const Asked& asked) {
  CO_TRY(const auto topic, find_readable_topic(call, asked.topic));
  CO_TRY(auto place, record_place(*topic, asked.partition, asked.offset));
  auto read = co_await read_whole(call, std::move(place.partition), place.offset);
  if (read) co_return *std::move(read);
  const bool is_gone = read.error().code == ErrorCode::kOffsetOutOfRange;
  Problem problem =
      problem_of(read.error().code, std::move(read.error().message),
                 is_gone ? "it may have been removed by retention or compaction, or not be written yet" : "");
  if (is_gone) problem.status = 404;
  co_return std::unexpected(std::move(problem));
}

Task<Outcome<RecordDetail>> record(const Call& call, GetTopicRecord asked) {
  CO_TRY(const auto read, co_await whole(call, asked));
  RecordView view{.topic = asked.topic,
                  .partition = parse_number<std::int32_t>(asked.partition).value_or(0),
                  .last_stable = read.last_stable,
                  .key = asked.key,
                  .value = asked.value,
                  .text_max = kTextOfRecord};
  const auto schemas = co_await call.shared.schemas.of(call, schema_ids(*read.found, view));
  co_return told(co_await call.shared.workers.run([found = read.found, view = std::move(view), schemas] {
    return as_detail(found->records.front(), view, schemas);
  }));
}

// `bytes` lie in what was fetched or unpacked, which lives as long as the download.
Outcome<Download> download(const WholeRecord& read, std::optional<BytesView> bytes, std::string name) {
  if (bytes) return Download{SharedBytes(read.found, *bytes), std::move(name)};
  Problem problem = problem_of(ErrorCode::kResourceNotFound, "It is null: there are no bytes");
  return std::unexpected(std::move(problem));
}

// Topics have names that are safe in a header: letters, digits, '.', '_' and '-'.
template <class Asked>
std::string file_name(const Asked& asked, const char* part) {
  return asked.topic + "-" + asked.partition + "-" + asked.offset + "." + part;
}

Task<Outcome<Download>> record_key(const Call& call, GetTopicRecordKey asked) {
  CO_TRY(const auto read, co_await whole(call, asked));
  co_return download(read, read.record().record.key, file_name(asked, "key"));
}

Task<Outcome<Download>> record_value(const Call& call, GetTopicRecordValue asked) {
  CO_TRY(const auto read, co_await whole(call, asked));
  co_return download(read, read.record().record.value, file_name(asked, "value"));
}

}  // namespace

void add_record(Routes& routes) {
  routes.add<GetTopicRecord, record>();
  routes.add<GetTopicRecordKey, record_key>();
  routes.add<GetTopicRecordValue, record_value>();
}

}  // namespace thalweg::console
