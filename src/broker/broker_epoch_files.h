// The broker epochs that log directories remember, and what a new process may claim by them.
//
// PreviousBrokerEpoch in a registration means "I have lost nothing since that epoch": the controller then leaves the
// broker in the in-sync and eligible sets of its partitions (KIP-966). Kafka claims it after a clean stop only, which
// .kafka_cleanshutdown tells. Here an acknowledged record is on disk, so a process that was killed, or lost its power,
// has lost nothing either while its directories are there: file thalweg-broker-epoch in each of them holds the last
// epoch and the directories of that registration. With thalweg.durable.acks=memory there is no such file, and a clean
// stop is what proves it, as in Kafka.
//
// The note says when its file was born. One that lies in a younger file is a copy, such as a backup that was put back:
// the process went on under that epoch after it was taken, or did not, and only a clean stop tells. (Kafka's brokers
// know the same way, as they trust nothing else.) A device that was set back as a whole does not look like a copy.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "runtime/disk.h"
#include "storage/log_manager.h"

namespace thalweg::broker {

struct EpochNote {
  std::int64_t epoch = -1;
  std::vector<Uuid> directories;     // that were registered
  std::optional<std::int64_t> born;  // of the file that it was written to, where that is known: Disk::born()
  friend bool operator==(const EpochNote&, const EpochNote&) = default;
};
std::string to_text(const EpochNote& note);
// kCorruptMessage for anything but what to_text() writes. Pure.
Result<EpochNote> parse_epoch_note(std::string_view text);
// The epoch in Kafka's file of a clean stop; -1 where it says none. kCorruptMessage as above.
Result<std::int64_t> parse_clean_stop(std::string_view text);

// What a start finds in one log directory, before anything is cleared.
struct DirectoryFound {
  Uuid id;  // zero: the directory is new
  std::optional<EpochNote> note;
  std::optional<std::int64_t> stopped_clean;  // in which epoch; -1: clean, of no known epoch
  bool is_copy = false;                       // by its note
};

// The epoch that may be claimed, or -1: that of the newest note when every directory it names is here; without any
// note, or where one is a copy, that of a clean stop of all directories. Pure.
std::int64_t claimed_epoch(std::span<const DirectoryFound> directories);

// What the last registration says: those that it did without were away, and the broker may have begun anew elsewhere
// what lies in them; and whether one that it had is not here. Nothing where no note tells. Pure.
storage::DirectoriesBefore directories_before(std::span<const DirectoryFound> directories);

// Whether a process on these directories was registered before. Pure.
bool was_registered(std::span<const DirectoryFound> directories);

inline constexpr std::string_view kEpochFile = "thalweg-broker-epoch";

// Reads what `directory` remembers. A file that cannot be understood proves nothing, which is no error.
DirectoryFound look_into(Disk& disk, const std::string& directory);
// Remembers the epoch in every directory (`note.born` is not read), or with nothing to remember forgets that of the
// process before; durable when it returns.
Task<Result<>> remember_epoch(Disk& disk, std::vector<std::string> directories, std::optional<EpochNote> note);

}  // namespace thalweg::broker
