// Reads a quorum's log back: segments in order, record by record, and then the checkpoint that goes below them. Pure:
// bytes in, state out. Used by QuorumLog::open only.
#pragma once

#include <optional>
#include <string>

#include "raft/checkpoint.h"
#include "raft/quorum_log.h"

namespace thalweg::raft {

class QuorumLog::Recovery {
 public:
  // The next segment, whole. An error when a record is unreadable although later ones exist.
  Result<> read_segment(const std::string& path, SharedBytes content);
  // What is left once all segments are read and the checkpoint is known.
  Result<Recovered> finish(const std::string& directory, std::optional<Checkpoints::Loaded> checkpoint);

  bool empty() const { return sequence_ == 0; }
  std::uint64_t log_id() const { return log_id_; }
  std::uint64_t next_sequence() const { return sequence_ + 1; }
  // Where the last record ends: the how-manieth segment, and the position in it.
  std::size_t tail_segment() const { return tail_segment_; }
  std::uint64_t tail_position() const { return tail_position_; }
  const SharedBytes& tail_record() const { return tail_record_; }
  // Highest index in the segment read last.
  std::uint64_t last_index() const { return last_index_; }
  // The checkpoint supersedes the log, which must say so before anything is appended.
  bool starts_anew() const { return starts_anew_; }

 private:
  bool is_next(const RecordHeader& header) const;
  Result<> absorb(Record record);
  Result<> refuse_later_records(const std::string& path, BytesView content, std::size_t from) const;
  Result<> put_below(Checkpoints::Loaded checkpoint);

  std::uint64_t log_id_ = 0;
  std::uint64_t sequence_ = 0;  // of the last record read; 0: none yet
  std::size_t segments_read_ = 0;
  std::size_t tail_segment_ = 0;
  std::uint64_t tail_position_ = 0;
  SharedBytes tail_record_;
  std::uint64_t last_index_ = 0;
  bool starts_anew_ = false;
  bool has_base_ = false;  // a record said where the log begins
  Recovered out_;
};

}  // namespace thalweg::raft
