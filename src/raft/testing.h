// A world for the quorum's tests: one thread, time that moves when nothing else can, disks whose last write can be
// torn.
#pragma once

#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "metrics/metrics.h"
#include "runtime/shard.h"

namespace thalweg::raft::testing {

class TestClock : public Clock {
 public:
  Instant now() const override { return now_; }
  Timestamp wall() const override { return now_.count() / 1'000'000; }
  std::unique_ptr<Timer> call_at(Instant when, std::move_only_function<void()> call) override;
  // Moves to the next call and makes it; false when there is none before `until`.
  bool step(Instant until);
  void jump_to(Instant when) { now_ = std::max(now_, when); }

 private:
  using Key = std::pair<Instant, std::uint64_t>;
  struct Handle;
  std::map<Key, std::move_only_function<void()>> calls_;
  std::uint64_t next_ = 0;
  Instant now_{0};
};

class TestRandom : public Random {
 public:
  explicit TestRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() override;
  std::uint64_t below(std::uint64_t n) { return next() % n; }

 private:
  std::uint64_t state_;
};

using Content = std::vector<std::byte>;

using Files = std::map<std::string, std::shared_ptr<Content>>;

// Files in memory. Everything is durable at once; what a crash takes away is said by hand: `torn_at` cuts the last
// durable write.
class TestDisk : public Disk {
 public:
  explicit TestDisk(boost::asio::io_context& io) : io_(io) {}

  Result<FilePtr> open(const std::string& path, OpenMode mode) override;
  Result<> rename(const std::string& from, const std::string& to) override;
  Result<> remove(const std::string& path) override;
  Result<> remove_directory(const std::string& path) override;
  Result<> make_directory(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  bool exists(const std::string& path) override { return files.contains(path); }
  Result<Timestamp> modified(const std::string&) override { return Timestamp{0}; }
  std::optional<std::int64_t> born(const std::string&) override { return std::nullopt; }
  Result<DiskSpace> space(const std::string&) override { return DiskSpace{1 << 30, 1 << 30}; }
  Task<Result<>> sync_directory(const std::string&) override;
  Result<std::shared_ptr<void>> lock(const std::string&) override { return std::make_shared<int>(0); }

  struct LastWrite {
    std::string path;
    std::uint64_t position = 0;
    Content before, after;
  };
  // The disk as if power had gone while the last durable write had come `bytes` far.
  Files torn_at(std::size_t bytes) const;
  Files copy() const;

  Files files;
  LastWrite last_write;
  int durable_writes = 0;
  bool full = false;                             // writes that need it fail with "no space"
  bool broken = false;                           // every durable write fails
  std::function<Task<>()> before_durable_write;  // how long the device takes; at once if not set
  // A durable write that the device has begun and not confirmed.
  struct Pending {
    std::shared_ptr<Content> file;  // files keep their content when they are renamed
    std::uint64_t position = 0;
    SharedBytes blocks;
  };
  std::optional<Pending> pending;
  // The disk as if power had gone now; of a pending write, the sectors (512 bytes) that `kept` says.
  Files after_power_loss(const std::function<bool()>& kept) const;

  boost::asio::io_context& io() { return io_; }

 private:
  boost::asio::io_context& io_;
};

// One shard on the calling thread.
class World {
 public:
  explicit World(std::uint64_t seed = 1) : random(seed), disk(io) {}
  ~World() { io.stop(); }

  boost::asio::io_context io;
  TestClock clock;
  TestRandom random;
  Metrics metrics;
  TestDisk disk;
  struct NoNetwork : Network {
    Result<std::unique_ptr<Listener>> listen(const Endpoint&, const ListenOptions&) override {
      return fail(ErrorCode::kNetworkException);
    }
    Task<Result<ConnectionPtr>> connect(Endpoint, Instant) override {
      co_return fail(ErrorCode::kNetworkException, "no network");
    }
    Task<Knock> knock(Endpoint, Instant) override { co_return Knock::kSilent; }
  } network;
  Shard shard{0, io.get_executor(), clock, disk, network, random, metrics};
  Shard shard_with(TestDisk& other) { return {0, io.get_executor(), clock, other, network, random, metrics}; }

  // Runs what is ready, without moving time.
  void settle();
  // Runs for `duration` of the world's time.
  void run_for(Instant duration);
  // Runs until the coroutine has ended, moving time as needed.
  template <class T>
  T run(Task<T> task) {
    auto out = std::make_shared<std::optional<T>>();
    boost::asio::co_spawn(io, std::move(task), [out](std::exception_ptr failure, T value) {
      CHECK(!failure);
      out->emplace(std::move(value));
    });
    while (!*out) {
      settle();
      if (!*out) CHECK(clock.step(Instant::max()));
    }
    return std::move(**out);
  }
  void run(Task<> task);
};

}  // namespace thalweg::raft::testing
