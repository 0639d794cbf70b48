#include "dataflow/record_queue.h"

#include <algorithm>

#include "base/check.h"

namespace thalweg::streams::detail {

void RecordQueue::add(std::span<RawRecord> records) {
  for (RawRecord& record : records) {
    next_ = record.offset + 1;
    waiting_.push_back(std::move(record));
  }
}

Result<> RecordQueue::look(const PassedOver& passed_over) {
  CHECK(!waiting_.empty());
  while (!known_) {
    const RawRecord& record = waiting_.front();
    const auto timestamp = head_->decode(record, partition_time_);
    good_ = timestamp && *timestamp >= 0;
    if (!timestamp &&
        (timestamp.error().code == kInvalidTimestamp || !passed_over.resume(input_, record, timestamp.error())))
      return std::unexpected(timestamp.error());
    if (timestamp && !good_) passed_over.dropped(record);
    known_ = good_ || waiting_.size() == 1;
    timestamp_ = good_ ? *timestamp : -1;
    if (!known_) waiting_.pop_front();
  }
  return {};
}

RecordQueue::Taken RecordQueue::take() {
  CHECK(known_);
  Taken taken{std::move(waiting_.front()), timestamp_, good_ ? head_.get() : nullptr};
  waiting_.pop_front();
  known_ = false;
  partition_time_ = std::max(partition_time_, timestamp_);
  return taken;
}

std::optional<std::int64_t> RecordQueue::position() const {
  if (!waiting_.empty()) return waiting_.front().offset;
  if (next_ < 0) return std::nullopt;
  return next_;
}

}  // namespace thalweg::streams::detail
