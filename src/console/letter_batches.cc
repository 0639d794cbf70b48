#include "console/letter_batches.h"

#include "console/letter_view.h"
#include "record/builder.h"
#include "record/hash.h"

namespace thalweg::console {
namespace {

// One that is being filled.
struct OpenBatch {
  record::BatchBuilder builder;
  std::vector<Offset> letters;
};
using OpenBatches = std::map<std::pair<std::string, PartitionId>, OpenBatch>;

void close(OpenBatches::node_type batch, std::vector<BackBatch>& closed) {
  closed.push_back({batch.key().first, batch.key().second, std::move(batch.mapped().letters),
                    std::move(batch.mapped().builder).build()});
}

void append_letter(record::BatchBuilder& builder, const record::RecordView& letter, const LettersBack& back) {
  const auto owned = letters::headers_back(letter_headers(letter), {back.queue, back.partition, letter.offset});
  std::vector<record::HeaderView> headers;
  for (const auto& [name, bytes] : owned)
    headers.push_back({name, bytes ? std::optional(as_bytes(*bytes)) : std::nullopt});
  builder.append({.timestamp = back.now, .key = letter.key, .value = letter.value, .headers = headers});
}

PartitionId partition_back(const record::RecordView& letter, const BackTarget& target) {
  return letter.key ? record::partition_for_key(*letter.key, target.partitions) : target.without_key;
}

}  // namespace

std::vector<BackBatch> batches_back(const UnpackedRecords& run, const LettersBack& back, std::size_t batch_bytes) {
  OpenBatches open;
  std::vector<BackBatch> closed;
  for (const auto& [letter, batch] : run.records) {
    const auto way = back.ways.find(letter.offset);
    if (way == back.ways.end()) continue;
    const std::pair key(way->second, partition_back(letter, back.targets.at(way->second)));
    if (const auto full = open.find(key); full != open.end() && full->second.builder.size() + letter.size > batch_bytes)
      close(open.extract(full), closed);
    auto& into = open[key];
    append_letter(into.builder, letter, back);
    into.letters.push_back(letter.offset);
  }
  while (!open.empty()) close(open.extract(open.begin()), closed);
  return closed;
}

}  // namespace thalweg::console
