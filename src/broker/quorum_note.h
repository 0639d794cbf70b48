// The file `thalweg-quorum` in the metadata directory: what has to be known before the metadata log is opened.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.h"
#include "broker/founding.h"
#include "raft/membership.h"
#include "runtime/disk.h"

namespace thalweg::broker {

struct QuorumNote {
  std::int64_t incarnation = 0;  // of the last process that began on this disk
  // How far founding has come without anybody's hand: kEmpty (not at all), kFormatted or kReady. kMember: there was a
  // metadata log here. kLost: and it was gone at a start; `directory` is new since then.
  Own founding = Own::kEmpty;
  std::string cluster_id;                   // that this is about; another one in meta.properties makes it void
  raft::MemberId member = raft::kNoMember;  // that a leader gave this disk
  // Of a metadata directory that is none of log.dirs, or that has lost its log: to the others it is another disk.
  Uuid directory;
  std::optional<std::int64_t> born;  // of the file that it was read from, as it says; write_quorum_note() knows better
  friend bool operator==(const QuorumNote&, const QuorumNote&) = default;
};

std::string to_text(const QuorumNote& note);
Result<QuorumNote> parse_quorum_note(std::string_view text);

// A new note where there is none.
Result<QuorumNote> read_quorum_note(Disk& disk, const std::string& directory);
Task<Result<>> write_quorum_note(Disk& disk, std::string directory, QuorumNote note);
// Whether what says that its file was born at `born` lies in another one: it was copied, as a backup is put back.
bool is_copy(Disk& disk, const std::string& path, std::optional<std::int64_t> born);
// The same of the note that was read from this directory, and so of the metadata log beside it.
bool is_copy(Disk& disk, const std::string& directory, const QuorumNote& note);
// The metadata log is none any more, and stays beside for whoever wants to look. Durable when it returns. REQUIRES:
// has_metadata_log(), and it is not open
Task<Result<>> set_metadata_log_aside(Disk& disk, std::string directory);
// Whether the metadata log in this directory was begun.
bool has_metadata_log(Disk& disk, const std::string& directory);
// What is seen of it may be known to the kernel only. REQUIRES: has_metadata_log()
Task<Result<>> make_metadata_log_durable(Disk& disk, std::string directory);

}  // namespace thalweg::broker
