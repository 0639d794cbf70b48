// state_dir/<application id>/: a folder for each task, and the process's own id, which outlives it: a transactional id
// is made of it, so that a process that comes back ends what it left open at once. One process has it at a time.
#pragma once

#include <filesystem>
#include <memory>
#include <set>

#include "thalweg/streams/types.h"

namespace thalweg::streams::detail {

class StateDir {
 public:
  // Errors: it cannot be made, or another process has it.
  static Result<StateDir> open(const std::filesystem::path& state_dir, const std::string& application_id);
  StateDir(StateDir&& other) noexcept;
  StateDir& operator=(StateDir&&) = delete;
  ~StateDir();

  // A task's folder is one thread's at a time; it is given back with the claim. Null: another thread has it, for one
  // that lost its partitions hears of it last. Thread-safe.
  using Claim = std::shared_ptr<void>;
  Claim claim(TaskId task) const;

  const std::string& process_id() const { return process_id_; }
  std::filesystem::path of(TaskId task) const { return folder_ / to_string(task); }
  void wipe(TaskId task) const;
  void touch(TaskId task) const;  // it was in use until now
  // Removes folders of tasks that nobody here has had open for `delay`.
  void clean_up(milliseconds delay) const;

 private:
  StateDir() = default;
  std::filesystem::path folder_;
  std::string process_id_;
  int lock_ = -1;
  struct Claims;
  std::shared_ptr<Claims> claims_;
};

}  // namespace thalweg::streams::detail
