// What the tests of storage share: one shard on a real disk in a directory that goes away, with a clock moved by hand,
// and batches.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <string>

#include "metrics/metrics.h"
#include "platform/os_disk.h"
#include "record/builder.h"
#include "storage/log.h"

namespace thalweg::storage {

class ManualClock : public Clock {
 public:
  Instant now() const override { return now_; }
  Timestamp wall() const override { return wall_; }
  std::unique_ptr<Timer> call_at(Instant when, std::move_only_function<void()> call) override {
    auto shared = std::make_shared<std::move_only_function<void()>>(std::move(call));
    calls_.emplace(when, shared);
    struct Handle : Timer {
      std::shared_ptr<std::move_only_function<void()>> call;
      ~Handle() override { *call = {}; }
    };
    auto handle = std::make_unique<Handle>();
    handle->call = shared;
    return handle;
  }
  // Whether somebody waits for that moment.
  bool is_awaited(Instant when) const {
    const auto [first, last] = calls_.equal_range(when);
    return std::any_of(first, last, [](const auto& call) { return bool(*call.second); });
  }
  // Moves both clocks and makes the calls that became due.
  void advance(Millis by) {
    now_ += by;
    wall_ += by.count();
    while (!calls_.empty() && calls_.begin()->first <= now_) {
      auto call = std::move(*calls_.extract(calls_.begin()).mapped());
      if (call) call();
    }
  }

 private:
  Instant now_{0};
  Timestamp wall_ = 1'700'000'000'000;
  std::multimap<Instant, std::shared_ptr<std::move_only_function<void()>>> calls_;
};

struct NoNetwork : Network {
  Result<std::unique_ptr<Listener>> listen(const Endpoint&, const ListenOptions&) override {
    return fail(ErrorCode::kNetworkException);
  }
  Task<Result<ConnectionPtr>> connect(Endpoint, Instant) override { co_return fail(ErrorCode::kNetworkException); }
  Task<Knock> knock(Endpoint, Instant) override { co_return Knock::kSilent; }
};

struct CountingRandom : Random {
  std::uint64_t next() override { return state = state * 6364136223846793005ULL + 1442695040888963407ULL; }
  std::uint64_t state = 1;
};

class TestShard {
 public:
  TestShard() {
    std::string name = (std::filesystem::temp_directory_path() / "thalweg-storage-XXXXXX").string();
    CHECK(::mkdtemp(name.data()));
    directory = name;
  }
  ~TestShard() {
    std::error_code ignored;
    std::filesystem::remove_all(directory, ignored);
  }

  // Runs the shard until the task is done, and brings back what it returns.
  template <class T>
  T run(Task<T> task) {
    std::optional<T> result;
    boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr failure, T value) {
      if (failure) std::rethrow_exception(failure);
      result.emplace(std::move(value));
    });
    while (!result) {
      context.restart();
      CHECK(context.run_one() > 0);
    }
    return std::move(*result);
  }

  std::string directory;
  boost::asio::io_context context{1};
  ManualClock clock;
  platform::BlockingPool pool{2};
  platform::OsDisk disk{pool};
  NoNetwork network;
  CountingRandom random;
  Metrics metrics;
  Shard shard{0, context.get_executor(), clock, disk, network, random, metrics};
};

// A bit of the file rots.
inline void rot(Disk& disk, const std::string& path, std::uint64_t position) {
  const auto file = disk.open(path, OpenMode::kReadWrite);
  CHECK(file);
  std::byte byte{};
  CHECK((*file)->read_now(position, MutableBytes(&byte, 1)));
  byte ^= std::byte{1};
  CHECK((*file)->write(position, BytesView(&byte, 1)));
}

struct BatchSpec {
  int records = 1;
  std::size_t value_size = 10;
  Timestamp timestamp = 1'700'000'000'000;
  record::BatchOptions options;
};

inline SharedBytes make_batch(const BatchSpec& spec = {}) {
  record::BatchBuilder builder(spec.options);
  const std::string value(spec.value_size, 'x');
  for (int i = 0; i < spec.records; ++i)
    builder.append({.timestamp = spec.timestamp + i, .key = as_bytes("key"), .value = as_bytes(value)});
  return builder.build();
}

}  // namespace thalweg::storage
