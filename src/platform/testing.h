// What the tests of this module share: a running set of shards and a directory that goes away.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "platform/shard_threads.h"

namespace thalweg::platform {

class TestDirectory {
 public:
  TestDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "thalweg-XXXXXX").string();
    CHECK(::mkdtemp(name.data()));
    path_ = name;
  }
  ~TestDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct TestShards {
  explicit TestShards(unsigned shards = 1) : TestShards(ShardThreads::Options{.shards = shards}) {}
  explicit TestShards(const ShardThreads::Options& options) : threads(options) { threads.start(); }
  const Shard& operator[](std::size_t i) const { return threads[i]; }
  ShardThreads threads;
};

}  // namespace thalweg::platform
