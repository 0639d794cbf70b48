#include "raft/recovery.h"

#include <fmt/format.h>

namespace thalweg::raft {
namespace {
std::unexpected<Error> refuse(std::string what) { return fail(ErrorCode::kKafkaStorageError, std::move(what)); }
}  // namespace

bool QuorumLog::Recovery::is_next(const RecordHeader& header) const {
  return empty() || (header.log_id == log_id_ && header.sequence == sequence_ + 1);
}

Result<> QuorumLog::Recovery::read_segment(const std::string& path, SharedBytes content) {
  std::size_t at = 0;
  last_index_ = 0;
  while (at < content.size()) {
    const SharedBytes rest = content.slice(at, content.size() - at);
    const auto header = valid_record(rest);
    if (!header || !is_next(*header)) break;
    TRY(Record record, decode_record(rest, *header));
    for (const Entry& entry : record.entries) last_index_ = std::max(last_index_, entry.index);
    TRY_VOID(absorb(std::move(record)));
    log_id_ = header->log_id;
    sequence_ = header->sequence;
    at += record_blocks(*header);
    tail_segment_ = segments_read_;
    tail_position_ = at;
    tail_record_ = rest.slice(0, std::min(record_blocks(*header), rest.size()));
  }
  ++segments_read_;
  return refuse_later_records(path, content, at);
}

// Records are written one after another. One that follows proves that what cannot be read had been acknowledged.
Result<> QuorumLog::Recovery::refuse_later_records(const std::string& path, BytesView content, std::size_t from) const {
  for (std::size_t at = from; at < content.size(); at += File::kBlock) {
    const auto header = valid_record(content.subspan(at));
    if (!header || (!empty() && (header->log_id != log_id_ || header->sequence <= sequence_))) continue;
    return refuse(
        fmt::format("{} is damaged: record {} at byte {} is whole, but record {} before it is not, and it was "
                    "acknowledged. Nothing was "
                    "changed. Restore this folder from a copy, or remove it and let this broker join again.",
                    path, header->sequence, at, sequence_ + 1));
  }
  return {};
}

Result<> QuorumLog::Recovery::absorb(Record record) {
  out_.hard_state = record.hard_state;
  out_.self = record.self;
  if (record.base) {
    out_.base = *std::move(record.base);
    out_.entries.clear();
    has_base_ = true;
  }
  std::vector<Entry>& entries = out_.entries;
  for (Entry& entry : record.entries) {
    while (!entries.empty() && entries.back().index >= entry.index) entries.pop_back();
    // Without a base the segments before were released: a checkpoint stands for them, and an entry may take the place
    // of all that is left.
    if (entries.empty() && !has_base_) out_.base.index = entry.index - 1;
    if (entry.index != out_.base.index + entries.size() + 1)
      return refuse(fmt::format("the metadata log has a hole before entry {}", entry.index));
    entries.push_back(std::move(entry));
  }
  return {};
}

Result<> QuorumLog::Recovery::put_below(Checkpoints::Loaded checkpoint) {
  const std::uint64_t index = checkpoint.base.index;
  std::vector<Entry>& entries = out_.entries;
  if (out_.base.index > index)
    return refuse(
        fmt::format("the checkpoint for index {} is missing; the latest one is for index {}", out_.base.index, index));
  if (out_.base.index < index) {
    // The entry below decides whether the log goes on from the checkpoint or is another history that it replaces,
    // received just before a crash.
    const std::uint64_t offset = index - out_.base.index;
    if (offset <= entries.size() && entries[offset - 1].term == checkpoint.base.term) {
      entries.erase(entries.begin(), entries.begin() + static_cast<std::ptrdiff_t>(offset));
    } else {
      entries.clear();
      starts_anew_ = true;
    }
  }
  out_.base = std::move(checkpoint.base);
  out_.image = std::move(checkpoint.image);
  out_.hard_state.commit = std::max(out_.hard_state.commit, index);
  out_.hard_state.term = std::max(out_.hard_state.term, out_.base.term);
  return {};
}

Result<QuorumLog::Recovered> QuorumLog::Recovery::finish(const std::string& directory,
                                                         std::optional<Checkpoints::Loaded> checkpoint) {
  if (empty()) {
    if (checkpoint) return refuse(directory + " holds a checkpoint but no log; files were removed from it");
    return Recovered{};
  }
  if (checkpoint) {
    TRY_VOID(put_below(*std::move(checkpoint)));
  } else if (!has_base_ || out_.base.index > 1) {
    return refuse(directory + " holds no checkpoint, but the beginning of its log is gone; files were removed from it");
  }
  const std::uint64_t last = out_.base.index + out_.entries.size();
  if (out_.hard_state.commit > last)
    return refuse(fmt::format("{}: entries up to {} are committed, but the log ends at {}", directory,
                              out_.hard_state.commit, last));
  out_.is_new = false;
  return std::move(out_);
}

}  // namespace thalweg::raft
