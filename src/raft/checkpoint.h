// Checkpoint files: one image of the state machine with the base it stands for. Written beside, synced and renamed, so
// a file under its final name is whole; a damaged one is the disk's doing and stops the node, because the log before it
// is gone. Owner: the quorum's log.
#pragma once

#include <optional>
#include <string>

#include "raft/quorum_record.h"
#include "runtime/shard.h"

namespace thalweg::raft {

class Checkpoints {
 public:
  Checkpoints(const Shard& shard, std::string directory) : shard_(shard), directory_(std::move(directory)) {}

  struct Loaded {
    Base base;
    SharedBytes image;
  };
  // The latest one, if any.
  Result<std::optional<Loaded>> load();
  // Earlier ones and what interrupted writes left. REQUIRES: the name of the latest one is durable.
  Result<> remove_leftovers();
  // Durable when it returns; earlier ones are removed then. Writes in slices so that the shard serves others meanwhile.
  Task<Result<>> write(Base base, SharedBytes image);

  bool empty() const { return !latest_; }
  std::uint64_t index() const { return latest_ ? latest_->base.index : 0; }
  std::uint64_t term() const { return latest_ ? latest_->base.term : 0; }
  // The latest image as a range of its file, which can be read as long as somebody holds it: also when a later one has
  // taken its place.
  Pieces image() const;

 private:
  struct Latest {
    Base base;
    std::string path;
    FilePtr file;
    std::uint64_t image_position = 0;
    std::uint64_t image_size = 0;
  };
  std::string path_of(const Base& base) const;
  Task<Result<>> write_file(std::string path, SharedBytes header, SharedBytes image);

  const Shard& shard_;
  const std::string directory_;
  std::optional<Latest> latest_;
};

}  // namespace thalweg::raft
