#include "metrics/topic_metrics.h"

#include <algorithm>

#include "metrics/families.h"

namespace thalweg {
namespace {

// Which failures are not counted is Kafka's choice (ReplicaManager): people have alerts on what is left, which is what
// a broker should not say while all is well.
bool is_expected_of_append(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUnknownTopicOrPartition:
    case ErrorCode::kNotLeaderOrFollower:
    case ErrorCode::kMessageTooLarge:
    case ErrorCode::kRecordListTooLarge:
    case ErrorCode::kCorruptMessage:
    case ErrorCode::kKafkaStorageError:
      return true;
    default:
      return false;
  }
}

bool is_expected_of_read(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNone:
    case ErrorCode::kUnknownTopicOrPartition:
    case ErrorCode::kNotLeaderOrFollower:
    case ErrorCode::kUnknownLeaderEpoch:
    case ErrorCode::kFencedLeaderEpoch:
    case ErrorCode::kReplicaNotAvailable:
    case ErrorCode::kKafkaStorageError:
    case ErrorCode::kInconsistentTopicId:
    case ErrorCode::kOffsetOutOfRange:
      return true;
    default:
      return false;
  }
}

}  // namespace

void TopicCounts::appended(std::uint64_t bytes, std::uint64_t records) {
  ++produce_requests;
  bytes_in += bytes;
  records_in += records;
}

void TopicCounts::append_failed(ErrorCode why, std::uint64_t bytes) {
  ++produce_requests;
  if (why == ErrorCode::kMessageTooLarge || why == ErrorCode::kRecordListTooLarge) bytes_rejected += bytes;
  if (!is_expected_of_append(why)) ++produce_failures;
}

void TopicCounts::read(ErrorCode outcome) {
  ++fetch_requests;
  if (!is_expected_of_read(outcome)) ++fetch_failures;
}

void TopicCounts::sent(std::uint64_t bytes, std::uint64_t records) {
  bytes_out += bytes;
  records_out += records;
}

TopicCounts& TopicCounts::operator+=(const TopicCounts& more) {
  for (const auto& [family, count] : topic_families()) this->*count += more.*count;
  return *this;
}

std::span<const TopicFamily> topic_families() {
  static constexpr TopicFamily kTable[] = {
      {&family::kTopicBytesIn, &TopicCounts::bytes_in},
      {&family::kTopicRecordsIn, &TopicCounts::records_in},
      {&family::kTopicBytesOut, &TopicCounts::bytes_out},
      {&family::kTopicRecordsOut, &TopicCounts::records_out},
      {&family::kTopicBytesRejected, &TopicCounts::bytes_rejected},
      {&family::kTopicProduceRequests, &TopicCounts::produce_requests},
      {&family::kTopicProduceFailures, &TopicCounts::produce_failures},
      {&family::kTopicFetchRequests, &TopicCounts::fetch_requests},
      {&family::kTopicFetchFailures, &TopicCounts::fetch_failures},
  };
  static_assert(sizeof(TopicCounts) == std::size(kTable) * sizeof(std::uint64_t), "every count has its family");
  return kTable;
}

TopicMetrics::Counts TopicMetrics::of(const Uuid& id, std::string_view topic) {
  if (const auto known = topics_.find(id); known != topics_.end()) return known->second.counts;
  if (topics_.size() >= topics_max_) return unnamed_;
  return topics_.emplace(id, Topic{std::string(topic), std::make_shared<TopicCounts>()}).first->second.counts;
}

TopicCounts& TopicMetrics::find(const Uuid& id) const {
  const auto known = topics_.find(id);
  return known == topics_.end() ? *unnamed_ : *known->second.counts;
}

void TopicMetrics::forget(const Uuid& id) {
  const auto known = topics_.find(id);
  if (known == topics_.end()) return;
  *unnamed_ += *known->second.counts;
  topics_.erase(known);
}

std::vector<TopicMetrics::Row> TopicMetrics::rows(const Uuid& after, std::size_t at_most) const {
  std::vector<Row> rows;
  rows.reserve(std::min(at_most, topics_.size()));
  for (auto at = topics_.upper_bound(after); at != topics_.end() && rows.size() < at_most; ++at)
    rows.push_back({at->first, at->second.name, *at->second.counts});
  return rows;
}

}  // namespace thalweg
