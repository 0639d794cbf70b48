#include "console/change_file.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "runtime/yielding.h"

namespace thalweg::console {
namespace {

// Lines from the last to the first one. What has no line feed at its end was cut by a crash, and is none.
class LinesBackwards {
 public:
  explicit LinesBackwards(std::string_view text) : rest_(text.substr(0, text.rfind('\n') + 1)) {}

  std::optional<std::string_view> next() {
    if (rest_.empty()) return std::nullopt;
    rest_.remove_suffix(1);
    const auto before = rest_.rfind('\n') + 1;  // npos + 1 is the beginning
    const auto line = rest_.substr(before);
    rest_ = rest_.substr(0, before);
    return line;
  }

 private:
  std::string_view rest_;
};

std::optional<SeenUpTo> last_seen_in(std::string_view text) {
  LinesBackwards lines(text);
  while (const auto text_of_line = lines.next())
    if (const auto line = read_line(*text_of_line); line && line->seen) return line->seen;
  return std::nullopt;
}

std::optional<ChangeLine::Head> head_of(std::string_view half) {
  const auto line = read_line(half.substr(0, half.find('\n')));
  return line ? line->head : std::nullopt;
}

}  // namespace

// Nobody makes it longer than kHalf and a line but by hand: then its end will do.
SharedBytes ChangeFile::read_end(const std::string& path) {
  if (!disk_.exists(path)) return {};
  const auto read = [&]() -> Result<SharedBytes> {
    TRY(const FilePtr file, disk_.open(path, OpenMode::kRead));
    const auto size = std::min<std::uint64_t>(file->size(), 2 * kHalf);
    std::vector<std::byte> bytes(size);
    TRY(const auto got, file->read_now(file->size() - size, bytes));
    bytes.resize(got);
    return SharedBytes::take(std::move(bytes));
  }();
  if (!read)
    log::warn("what is remembered of changes cannot be read", field("file", path), field("error", read.error()));
  return read.value_or(SharedBytes());
}

std::optional<SeenUpTo> ChangeFile::look_back() {
  found_ = read_end(path_);
  if (auto seen = last_seen_in(found_->text())) return seen;
  found_before_ = read_end(path_before_);
  return last_seen_in(found_before_->text());
}

bool ChangeFile::is_of_another(const SharedBytes& half) const {
  const auto head = head_of(half.text());
  return head && head->cluster != cluster_;
}

bool ChangeFile::begin(const std::string& cluster, Timestamp now) {
  cluster_ = cluster;
  if (!found_) found_ = read_end(path_);
  if (!found_before_) found_before_ = read_end(path_before_);
  for (auto* half : {&found_, &found_before_})
    if (is_of_another(**half)) *half = SharedBytes();
  end_ = found_->text().rfind('\n') + 1;  // npos + 1: of none
  const bool is_there = !found_->empty() || !found_before_->empty();
  if (!is_there) append({}, std::nullopt, now);
  return is_there;
}

Task<ChangeFile::Recalled> ChangeFile::recall(std::size_t max, bool is_found_again) {
  Recalled recalled;
  const SharedBytes newer = std::exchange(found_, std::nullopt).value_or(SharedBytes());
  const SharedBytes older = std::exchange(found_before_, std::nullopt).value_or(SharedBytes());
  bool is_behind = is_found_again;
  Pace pace(kLinesAtOnce);
  for (const auto& half : {newer, older}) {
    LinesBackwards lines(half.text());
    recalled.damaged += half.empty() || half.text().ends_with('\n') ? 0 : 1;
    while (const auto text = lines.next()) {
      if (pace.due()) co_await give_way();
      auto line = read_line(*text);
      if (!line) {
        ++recalled.damaged;
        continue;
      }
      if (line->head) recalled.since = line->head->since;
      if (line->seen) is_behind = false;
      if (!line->change || (is_behind && line->change->source == ChangeSource::kCluster)) continue;
      recalled.changes.push_back(*std::move(line->change));
      if (recalled.changes.size() < max) continue;
      recalled.since = recalled.changes.back().at;
      co_return recalled;
    }
  }
  if (recalled.since == kNoTimestamp && !recalled.changes.empty()) recalled.since = recalled.changes.back().at;
  co_return recalled;
}

void ChangeFile::append(std::span<const Change> changes, std::optional<SeenUpTo> seen, Timestamp now) {
  for (const auto& change : changes) {
    const bool is_last = &change == &changes.back();
    waiting_.push_back(
        written({.head = {}, .change = change, .seen = is_last ? std::exchange(seen, std::nullopt) : std::nullopt}));
  }
  while (waiting_.size() > kWaitingMax) waiting_.pop_front();
  auto done = write_waiting(now);
  if (done && seen) done = write_over_seen(written({.head = {}, .change = {}, .seen = seen}, kSeenLineSize), now);
  note(done);
}

Result<> ChangeFile::write_waiting(Timestamp now) {
  TRY_VOID(make_room(waiting_.empty() ? 0 : waiting_.front().size(), now));
  while (!waiting_.empty()) {
    std::string text;
    std::size_t lines = 0;
    do text += waiting_[lines++];
    while (lines < waiting_.size() && end_ + seen_size_ + text.size() + waiting_[lines].size() <= kHalf);
    TRY_VOID(file_->write(end_ + seen_size_, as_bytes(text)));
    end_ += std::exchange(seen_size_, 0) + text.size();
    waiting_.erase(waiting_.begin(), waiting_.begin() + std::ptrdiff_t(lines));
    if (std::ranges::find(unsynced_, file_) == unsynced_.end()) unsynced_.push_back(file_);
    if (!waiting_.empty()) TRY_VOID(make_room(waiting_.front().size(), now));
  }
  return {};
}

// Alone it is not worth a sync: an earlier one will do.
Result<> ChangeFile::write_over_seen(const std::string& line, Timestamp now) {
  TRY_VOID(make_room(line.size(), now));
  TRY_VOID(file_->write(end_, as_bytes(line)));
  seen_size_ = line.size();
  return {};
}

Result<> ChangeFile::make_room(std::size_t size, Timestamp now) {
  if (end_ > 0 && end_ + seen_size_ + size > kHalf) {
    TRY_VOID(disk_.rename(path_, path_before_));
    std::erase_if(unsynced_, [this](const auto& file) { return file != file_; });  // or what is replaced took room on
    file_.reset();
    end_ = seen_size_ = 0;
  }
  if (!file_) TRY_VOID(open());
  if (end_ > 0) return {};
  const std::string head = written({.head = ChangeLine::Head{cluster_, now}, .change = {}, .seen = {}});
  TRY_VOID(file_->write(0, as_bytes(head)));
  end_ = head.size();
  return {};
}

// What a crash cut off at the end goes.
Result<> ChangeFile::open() {
  TRY(const auto file, disk_.open(path_, end_ == 0 ? OpenMode::kTruncate : OpenMode::kCreate));
  if (file->size() > end_) TRY_VOID(file->truncate(end_));
  is_name_new_ = end_ == 0;
  file_ = file;
  return {};
}

// Nothing that anybody was answered rests on it, so it may be tried again after it has failed.
Task<> ChangeFile::sync() {
  for (const auto& file : std::exchange(unsynced_, {})) note(co_await file->sync());
  if (std::exchange(is_name_new_, false)) note(co_await disk_.sync_directory(directory_));
}

void ChangeFile::note(const Result<>& done) {
  if (is_failing_ == !done) return;
  is_failing_ = !done;
  if (done)
    log::info("changes are remembered again", field("file", path_));
  else
    log::warn("changes are not remembered beyond a restart for now", field("file", path_),
              field("error", done.error()));
}

}  // namespace thalweg::console
