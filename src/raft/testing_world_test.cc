#include <algorithm>

#include "raft/testing.h"

namespace thalweg::raft::testing {

struct TestClock::Handle : Timer {
  Handle(TestClock& clock, Key key) : clock(clock), key(key) {}
  ~Handle() override { clock.calls_.erase(key); }
  TestClock& clock;
  const Key key;
};

std::unique_ptr<Clock::Timer> TestClock::call_at(Instant when, std::move_only_function<void()> call) {
  const Key key{std::max(when, now_), next_++};
  calls_.emplace(key, std::move(call));
  return std::make_unique<Handle>(*this, key);
}

bool TestClock::step(Instant until) {
  if (calls_.empty() || calls_.begin()->first.first > until) return false;
  auto node = calls_.extract(calls_.begin());
  now_ = node.key().first;
  node.mapped()();
  return true;
}

std::uint64_t TestRandom::next() {
  std::uint64_t x = state_ += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

namespace {

class TestFile : public File {
 public:
  TestFile(TestDisk& disk, std::string path, std::shared_ptr<Content> content)
      : disk_(disk), path_(std::move(path)), content_(std::move(content)) {}

  std::uint64_t size() const override { return content_->size(); }
  Result<> write(std::uint64_t position, BytesView bytes) override {
    if (disk_.full) return std::unexpected(Disk::full(path_));
    put(position, bytes);
    return {};
  }
  Result<> truncate(std::uint64_t size) override {
    content_->resize(size);
    return {};
  }
  Task<Result<std::size_t>> read(std::uint64_t position, MutableBytes into) override {
    co_return read_now(position, into);
  }
  Result<std::size_t> read_now(std::uint64_t position, MutableBytes into) override {
    if (position >= content_->size()) return 0;
    const std::size_t n = std::min<std::size_t>(into.size(), content_->size() - position);
    std::copy_n(content_->begin() + static_cast<std::ptrdiff_t>(position), n, into.begin());
    return n;
  }
  Task<Result<>> sync() override {
    co_await boost::asio::post(disk_.io(), boost::asio::use_awaitable);
    co_return Result<>{};
  }
  Task<Result<>> write_durable(std::uint64_t position, SharedBytes blocks) override {
    CHECK(position % kBlock == 0 && blocks.size() % kBlock == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(blocks.data()) % kBlock == 0);
    disk_.pending = {content_, position, blocks};
    if (disk_.before_durable_write)
      co_await disk_.before_durable_write();
    else
      co_await boost::asio::post(disk_.io(), boost::asio::use_awaitable);
    disk_.pending.reset();
    if (disk_.broken) co_return fail(ErrorCode::kKafkaStorageError, path_ + ": Input/output error");
    if (disk_.full && position + blocks.size() > content_->size()) co_return std::unexpected(Disk::full(path_));
    disk_.last_write = {path_, position, *content_, {}};
    put(position, blocks);
    disk_.last_write.after = *content_;
    ++disk_.durable_writes;
    co_return Result<>{};
  }

 private:
  void put(std::uint64_t position, BytesView bytes) {
    if (content_->size() < position + bytes.size()) content_->resize(position + bytes.size());
    std::ranges::copy(bytes, content_->begin() + static_cast<std::ptrdiff_t>(position));
  }
  TestDisk& disk_;
  const std::string path_;
  const std::shared_ptr<Content> content_;
};

}  // namespace

Result<FilePtr> TestDisk::open(const std::string& path, OpenMode mode) {
  auto& content = files[path];
  if (!content) {
    if (mode == OpenMode::kRead || mode == OpenMode::kReadWrite) {
      files.erase(path);
      return fail(ErrorCode::kKafkaStorageError, path + ": no such file");
    }
    content = std::make_shared<Content>();
  }
  if (mode == OpenMode::kTruncate || mode == OpenMode::kTruncateSecret) content->clear();
  return std::make_shared<TestFile>(*this, path, content);
}
Result<> TestDisk::rename(const std::string& from, const std::string& to) {
  auto node = files.extract(from);
  CHECK(!node.empty());
  files[to] = node.mapped();
  return {};
}
Result<> TestDisk::remove(const std::string& path) {
  files.erase(path);
  return {};
}
Result<> TestDisk::remove_directory(const std::string& path) {
  std::erase_if(files, [&](const auto& file) { return file.first.starts_with(path + "/"); });
  return {};
}
Result<> TestDisk::make_directory(const std::string&) { return {}; }
Result<std::vector<DirectoryEntry>> TestDisk::list(const std::string& path) {
  std::vector<DirectoryEntry> entries;
  for (const auto& [name, content] : files)
    if (name.starts_with(path + "/")) entries.push_back({name.substr(path.size() + 1), false});
  return entries;
}
Task<Result<>> TestDisk::sync_directory(const std::string&) {
  co_await boost::asio::post(io_, boost::asio::use_awaitable);
  co_return Result<>{};
}

Files TestDisk::copy() const {
  Files out;
  for (const auto& [name, content] : files) out[name] = std::make_shared<Content>(*content);
  return out;
}
Files TestDisk::torn_at(std::size_t bytes) const {
  auto out = copy();
  Content torn = last_write.before;
  const std::size_t end = std::min(last_write.after.size(), static_cast<std::size_t>(last_write.position) + bytes);
  if (torn.size() < end) torn.resize(end);
  std::copy(last_write.after.begin() + static_cast<std::ptrdiff_t>(last_write.position),
            last_write.after.begin() + static_cast<std::ptrdiff_t>(end),
            torn.begin() + static_cast<std::ptrdiff_t>(last_write.position));
  out[last_write.path] = std::make_shared<Content>(std::move(torn));
  return out;
}

Files TestDisk::after_power_loss(const std::function<bool()>& kept) const {
  constexpr std::size_t kSector = 512;
  auto out = copy();
  if (!pending) return out;
  const auto file = std::ranges::find(files, pending->file, [](const auto& f) { return f.second; });
  CHECK(file != files.end());
  Content& content = *out[file->first];
  for (std::size_t at = 0; at < pending->blocks.size(); at += kSector) {
    if (!kept()) continue;
    const std::size_t to = pending->position + at;
    if (content.size() < to + kSector) content.resize(to + kSector);
    std::copy_n(pending->blocks.data() + at, kSector, content.begin() + static_cast<std::ptrdiff_t>(to));
  }
  return out;
}

void World::settle() {
  io.restart();
  while (io.poll() > 0) {
  }
}
void World::run_for(Instant duration) {
  const Instant until = clock.now() + duration;
  settle();
  while (clock.step(until)) settle();
  clock.jump_to(until);
}
void World::run(Task<> task) {
  auto done = std::make_shared<bool>(false);
  boost::asio::co_spawn(io, std::move(task), [done](std::exception_ptr failure) {
    CHECK(!failure);
    *done = true;
  });
  while (!*done) {
    settle();
    if (!*done) CHECK(clock.step(Instant::max()));
  }
}

}  // namespace thalweg::raft::testing
