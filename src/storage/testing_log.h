// A log in a folder that goes away, opened, written, left and opened again.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "storage/log.h"
#include "storage/pieces.h"
#include "storage/testing.h"

namespace thalweg::storage {

class LogTest : public ::testing::Test {
 protected:
  LogOptions options() {
    LogOptions o;
    o.directory = t.directory + "/orders-0";
    o.partition = {"orders", {0}};
    o.topic_id = Uuid{1, 2};
    o.config = config;
    o.files = files;
    return o;
  }
  LogPtr open(LogOptions o) {
    auto log = t.run(Log::open(t.shard, std::move(o)));
    if (!log) ADD_FAILURE() << log.error().message;
    return log ? *log : nullptr;
  }
  LogPtr open() { return open(options()); }
  // As after kill -9: what was written is there, nothing was closed.
  LogPtr reopen_after_crash(Offset recovery_point = Offset{0}) {
    files = std::make_shared<FileCache>(t.disk, 64);
    auto o = options();
    o.recovery_point = recovery_point;
    return open(o);
  }
  LogPtr reopen_after_close(LogPtr& log) {
    const auto closed = t.run(log->close());
    EXPECT_TRUE(closed) << closed.error().message;
    auto o = options();
    o.recovery_point = log->recovery_point();
    o.log_start = log->start_offset();
    o.high_watermark = log->high_watermark();
    o.clean_shutdown = true;
    o.files = files = std::make_shared<FileCache>(t.disk, 64);
    log.reset();
    return open(o);
  }
  AppendInfo append(Log& log, const BatchSpec& spec = {}) {
    auto info = log.append_as_leader(make_batch(spec), {.leader_epoch = {1}});
    if (!info) ADD_FAILURE() << info.error().error.message;
    return info.value_or(AppendInfo{});
  }
  FetchedData read(Log& log, std::int64_t from, ReadLimits limits = {}) {
    auto data = t.run(log.read(Offset{from}, limits));
    if (!data) ADD_FAILURE() << data.error().message;
    return data ? *data : FetchedData{};
  }
  // Base offsets of what a read gives.
  std::vector<std::int64_t> bases(const FetchedData& data) {
    std::vector<std::int64_t> found;
    auto bytes = t.run(gather(data.records));
    EXPECT_TRUE(bytes);
    auto batches = record::split_batches(*bytes);
    EXPECT_TRUE(batches);
    for (const auto& batch : *batches) found.push_back(batch.base_offset().value);
    return found;
  }

  TestShard t;
  LogConfig config;
  std::shared_ptr<FileCache> files = std::make_shared<FileCache>(t.disk, 64);
};

}  // namespace thalweg::storage
