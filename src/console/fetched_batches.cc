#include "console/fetched_batches.h"

#include <algorithm>
#include <map>

namespace thalweg::console {
namespace {

// Which batches readers of what is committed do not get: markers, and what transactions wrote that were aborted.
// Source: the aborted transactions of Fetch, as CompletedFetch of Kafka's consumer takes them.
class AbortedTransactions {
 public:
  explicit AbortedTransactions(std::vector<AbortedFrom> all) : ahead_(std::move(all)) {
    std::ranges::sort(ahead_, std::greater<>(), &AbortedFrom::first);
  }
  // Of each batch in turn. A marker ends the transaction of its producer.
  bool hides(const record::BatchView& batch) {
    while (!ahead_.empty() && ahead_.back().first <= batch.last_offset()) {
      open_.insert_or_assign(ahead_.back().producer, true);
      ahead_.pop_back();
    }
    if (!batch.is_control()) return batch.is_transactional() && open_.contains(batch.producer_id());
    const auto marker = record::read_control_record(batch);
    if (marker && marker->type == record::ControlType::kAbort) open_.erase(batch.producer_id());
    return true;
  }

 private:
  std::vector<AbortedFrom> ahead_;  // the next one last
  std::map<ProducerId, bool> open_;
};

// Calls for each batch that readers see and that may hold what `range` does, until it has unpacked enough. `use` takes
// the batch and a reader of its records, and answers whether the batch could be read.
template <class Use>
void each_batch(const FetchedRecords& fetched, OffsetRange range, ReadIsolation isolation, BatchesRead& read, Use use) {
  AbortedTransactions aborted(isolation == ReadIsolation::kCommitted ? fetched.aborted : std::vector<AbortedFrom>());
  record::BatchReader batches(fetched.bytes.view());
  std::size_t unpacked = 0;
  while (unpacked < kUnpackedAtOnce) {
    const auto next = batches.next();
    if (!next) read.problem = next.error().message;
    if (!next || !*next) break;
    const record::BatchView& batch = **next;
    if (read.first == kNoOffset) read.first = batch.base_offset();
    read.next = batch.next_offset();
    const bool hidden = isolation == ReadIsolation::kCommitted && aborted.hides(batch);
    if (hidden || batch.base_offset() >= range.to || batch.last_offset() < range.from) continue;
    auto reader = record::RecordReader::open(batch, kBatchUnpackedMax);
    unpacked += reader ? reader->decompressed().size() : kUnpackedAtOnce;
    const Result<> used = reader ? use(batch, *reader) : Result<>(std::unexpected(reader.error()));
    if (!used)
      read.problem =
          "the batch at offset " + to_string(batch.base_offset()) + " cannot be read: " + used.error().message;
  }
  read.work = std::max(fetched.bytes.size(), unpacked);
}

}  // namespace

PlacesRead places_in(const FetchedRecords& fetched, OffsetRange range, ReadIsolation isolation) {
  PlacesRead read;
  each_batch(fetched, range, isolation, read, [&](const record::BatchView&, record::RecordReader& records) -> Result<> {
    for (;;) {
      TRY(const auto one, records.next());
      if (!one) return {};
      if (range.contains(one->offset)) read.places.push_back({one->offset, one->timestamp});
    }
  });
  return read;
}

std::shared_ptr<const UnpackedRecords> find_records(const FetchedRecords& fetched, std::span<const Offset> wanted,
                                                    ReadIsolation isolation) {
  const auto found = std::make_shared<UnpackedRecords>();
  found->fetched = fetched.bytes;
  if (wanted.empty()) return found;
  const OffsetRange range{wanted.front(), wanted.back() + 1};
  each_batch(fetched, range, isolation, *found,
             [&](const record::BatchView& batch, record::RecordReader& records) -> Result<> {
               if (!records.decompressed().empty()) found->unpacked.push_back(records.decompressed());
               for (;;) {
                 TRY(const auto one, records.next());
                 if (!one) return {};
                 if (std::ranges::binary_search(wanted, one->offset)) found->records.push_back({*one, batch});
               }
             });
  return found;
}

}  // namespace thalweg::console
