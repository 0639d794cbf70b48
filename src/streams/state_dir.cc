#include "streams/state_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <mutex>
#include <random>

namespace thalweg::streams::detail {
namespace {

namespace fs = std::filesystem;

// Kafka Streams' name for it, and its content: {"processId":"..."}.
constexpr const char* kProcessFile = "kafka-streams-process-metadata";
constexpr std::string_view kBefore = "{\"processId\":\"", kAfter = "\"}";

Error trouble(const std::string& what) {
  return {.code = 56,
          .message = what + ": " + std::strerror(errno) + "; is AppConfig::state_dir one that this process may write?"};
}

std::string new_process_id() {
  std::random_device entropy;
  char text[40];
  const auto part = [&](unsigned bits) { return entropy() & ((1u << bits) - 1u); };
  std::snprintf(text, sizeof text, "%04x%04x-%04x-4%03x-%04x-%04x%04x%04x", part(16), part(16), part(16), part(12),
                0x8000u | part(14), part(16), part(16), part(16));
  return text;
}

std::string read_process_id(int file) {
  char bytes[256];
  const auto size = ::pread(file, bytes, sizeof bytes, 0);
  const std::string_view text(bytes, size > 0 ? static_cast<std::size_t>(size) : 0);
  const auto from = text.find(kBefore);
  if (from == text.npos) return {};
  const auto to = text.find(kAfter, from + kBefore.size());
  return to == text.npos ? std::string() : std::string(text.substr(from + kBefore.size(), to - from - kBefore.size()));
}

std::optional<TaskId> task_of(const std::string& folder) {
  TaskId task;
  int used = 0;
  if (std::sscanf(folder.c_str(), "%d_%d%n", &task.subtopology, &task.partition, &used) != 2) return std::nullopt;
  return static_cast<std::size_t>(used) == folder.size() ? std::optional(task) : std::nullopt;
}

}  // namespace

struct StateDir::Claims {
  std::mutex mutex;
  std::set<TaskId> tasks;
};

StateDir::Claim StateDir::claim(TaskId task) const {
  const std::lock_guard lock(claims_->mutex);
  if (!claims_->tasks.insert(task).second) return nullptr;
  return {claims_.get(), [claims = claims_, task](void*) {
            const std::lock_guard lock(claims->mutex);
            claims->tasks.erase(task);
          }};
}

Result<StateDir> StateDir::open(const fs::path& state_dir, const std::string& application_id) {
  StateDir dir;
  dir.claims_ = std::make_shared<Claims>();
  dir.folder_ = state_dir / application_id;
  std::error_code error;
  fs::create_directories(dir.folder_, error);
  const auto file = dir.folder_ / kProcessFile;
  dir.lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (dir.lock_ < 0) return std::unexpected(trouble("open " + file.string()));
  if (::flock(dir.lock_, LOCK_EX | LOCK_NB) != 0)
    return std::unexpected(Error{.code = 56,
                                 .message = dir.folder_.string() +
                                            " is another process's: every instance of an application on a machine "
                                            "needs a state_dir of its own"});
  dir.process_id_ = read_process_id(dir.lock_);
  if (!dir.process_id_.empty()) return dir;
  dir.process_id_ = new_process_id();
  const auto text = std::string(kBefore) + dir.process_id_ + std::string(kAfter);
  if (::ftruncate(dir.lock_, 0) != 0 || ::pwrite(dir.lock_, text.data(), text.size(), 0) < 0 || ::fsync(dir.lock_) != 0)
    return std::unexpected(trouble("write " + file.string()));
  return dir;
}

StateDir::StateDir(StateDir&& other) noexcept
    : folder_(std::move(other.folder_)),
      process_id_(std::move(other.process_id_)),
      lock_(std::exchange(other.lock_, -1)),
      claims_(std::move(other.claims_)) {}

StateDir::~StateDir() {
  if (lock_ >= 0) ::close(lock_);
}

void StateDir::touch(TaskId task) const {
  std::error_code error;
  fs::last_write_time(of(task), fs::file_time_type::clock::now(), error);
}

void StateDir::wipe(TaskId task) const {
  std::error_code error;
  fs::remove_all(of(task), error);
}

void StateDir::clean_up(milliseconds delay) const {
  std::error_code error;
  for (const auto& folder : fs::directory_iterator(folder_, error)) {
    const auto task = task_of(folder.path().filename().string());
    if (!task) continue;
    const auto mine = claim(*task);  // and nobody else's while it goes
    const auto changed = fs::last_write_time(folder.path(), error);
    if (mine && !error && fs::file_time_type::clock::now() - changed >= delay) fs::remove_all(folder.path(), error);
  }
}

}  // namespace thalweg::streams::detail
