#include "os_terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

namespace thalweg {
namespace {

constexpr std::size_t kHoldBackMax = 64 * 1024;
constexpr std::size_t kReadSize = 64 * 1024;

// 0, or the error of a write that failed.
int write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

std::string read_standard_input() {
  std::string chunk(kReadSize, '\0');
  ssize_t got;
  do got = ::read(STDIN_FILENO, chunk.data(), chunk.size());
  while (got < 0 && errno == EINTR);
  chunk.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
  return chunk;
}

}  // namespace

void hold_standard_streams() {
  for (const int file : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(file, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is given out, and those before are taken. Reading from what is open for writing only fails
    // as reading from nothing does, and the other way round.
    const int held = ::open("/dev/null", (file == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
    if (held != file && held >= 0) ::close(held);
  }
}

OsTerminal::OsTerminal(const Shard& shard) : shard_(shard) {}

void OsTerminal::out(std::string_view text) {
  held_back_ += text;
  if (held_back_.size() >= kHoldBackMax || out_is_terminal()) flush();
}

void OsTerminal::err(std::string_view text) {
  flush();  // what was said before stays before
  write_all(STDERR_FILENO, text);
}

bool OsTerminal::flush() {
  if (out_error_ == 0) out_error_ = write_all(STDOUT_FILENO, held_back_);
  held_back_.clear();
  return out_error_ == 0;
}

std::string OsTerminal::out_failure() const {
  return out_error_ == 0 || out_error_ == EPIPE ? "" : std::strerror(out_error_);
}

void OsTerminal::end_input() {
  in_ended_ = true;
  unread_.clear();
  searched_ = 0;
  changed_.notify();
}

std::optional<std::string> OsTerminal::take_line() {
  const auto end = unread_.find('\n', searched_);
  searched_ = unread_.size();
  if (end == unread_.npos && (!in_ended_ || unread_.empty())) return {};
  std::string line = unread_.substr(0, end);
  unread_.erase(0, end == unread_.npos ? end : end + 1);
  searched_ = 0;
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

Task<> OsTerminal::read_more() {
  const std::string chunk = co_await reader_.run(platform::Lane::kOther, read_standard_input);
  if (!in_ended_) unread_ += chunk;
  in_ended_ = in_ended_ || chunk.empty();
  reading_ = false;
  changed_.notify();
}

Task<std::optional<std::string>> OsTerminal::read_line() {
  for (;;) {
    if (stop_wanted_) co_return std::nullopt;
    if (auto line = take_line()) co_return line;
    if (in_ended_) co_return std::nullopt;
    if (!std::exchange(reading_, true)) spawn(shard_, read_more());
    waiting_for_line_ = true;
    co_await changed_.wait();
    waiting_for_line_ = false;
  }
}

bool OsTerminal::in_is_terminal() const { return ::isatty(STDIN_FILENO) != 0; }
bool OsTerminal::out_is_terminal() const { return ::isatty(STDOUT_FILENO) != 0; }
bool OsTerminal::err_is_terminal() const { return ::isatty(STDERR_FILENO) != 0; }

std::optional<std::string> OsTerminal::environment(std::string_view name) const {
  const char* value = std::getenv(std::string(name).c_str());
  if (!value || !*value) return {};
  return value;
}

int OsTerminal::columns() const {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  constexpr int kUsual = 80;
  return kUsual;
}

Result<std::string> OsTerminal::read_file(const std::string& path) {
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string content(std::istreambuf_iterator<char>(in), {});
  if (!in && !in.eof()) return fail(ErrorCode::kInvalidRequest, path + " (" + std::strerror(errno ? errno : EIO) + ")");
  return content;
}

void OsTerminal::on_stop(std::move_only_function<void()> call) {
  if (stop_wanted_) return call();
  on_stop_.push_back(std::move(call));
}

bool OsTerminal::stop() {
  stop_wanted_ = true;
  const bool noticed = waiting_for_line_ || !on_stop_.empty();
  changed_.notify();
  for (auto& call : std::exchange(on_stop_, {})) call();
  return noticed;
}

}  // namespace thalweg
