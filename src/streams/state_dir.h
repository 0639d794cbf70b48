// state_dir/<application id>/: a folder for each task, and the process's own id, which outlives it: a transactional id is
// made of it, so that a process that comes back ends what it left open at once. One process has it at a time.
#pragma once

#include <filesystem>
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

  const std::string& process_id() const { return process_id_; }
  std::filesystem::path of(TaskId task) const { return folder_ / to_string(task); }
  void wipe(TaskId task) const;
  // Removes folders of tasks that nobody here has had open for `delay`. Those in `in_use` are left.
  void clean_up(const std::set<TaskId>& in_use, milliseconds delay) const;

 private:
  StateDir() = default;
  std::filesystem::path folder_;
  std::string process_id_;
  int lock_ = -1;
};

}  // namespace thalweg::streams::detail
