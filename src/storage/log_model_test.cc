// Random operations on a Log against a list of records: what is read, found and kept must agree, over clean stops and
// crashes.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "storage/pieces.h"
#include "storage/testing.h"

namespace thalweg::storage {
namespace {

// What a log should be: its batches, by offset.
struct Model {
  struct Batch {
    Offset first, last;
    Timestamp timestamp;  // of the first record; each later one is 1 ms younger
  };
  std::vector<Batch> batches;
  Offset start{0}, end{0};

  std::size_t first_not_below(Offset from) const {
    std::size_t i = 0;
    while (i < batches.size() && batches[i].last < from) ++i;
    return i;
  }
  Offset by_time(Timestamp target) const {
    for (const Batch& b : batches)
      for (Offset o = std::max(b.first, start); o <= b.last; o = o + 1)
        if (b.timestamp + (o - b.first) >= target) return o;
    return kNoOffset;
  }
};

class Play {
 public:
  explicit Play(unsigned seed) : random_(seed) {
    config_.segment_bytes = 1500 + pick(3000);
    config_.index_interval_bytes = 50 + static_cast<int>(pick(500));
    reopen(false);
  }

  void step() {
    take_step();
    if (log_) log_->check_invariants();
  }

 private:
  void take_step() {
    switch (pick(20)) {
      case 0:
        return restart(true);
      case 1:
        return restart(false);
      case 2:
        return truncate();
      case 3:
        return delete_records();
      case 4:
        return find_time();
      case 5:
      case 6:
      case 7:
      case 8:
        return read();
      default:
        return append();
    }
  }

  std::int64_t pick(std::int64_t below) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(below));
  }

  void append() {
    const int records = 1 + static_cast<int>(pick(5));
    const Timestamp timestamp = t_.clock.wall() - pick(100'000);
    const BatchSpec spec{.records = records, .value_size = static_cast<std::size_t>(pick(200)), .timestamp = timestamp};
    const auto info = log_->append_as_leader(make_batch(spec), {.leader_epoch = {epoch_}});
    ASSERT_TRUE(info) << info.error().error.message;
    ASSERT_EQ(info->first, model_.end);
    model_.batches.push_back({info->first, info->last, timestamp});
    model_.end = info->last + 1;
    log_->set_high_watermark(model_.end);
  }

  void read() {
    const Offset from = model_.start + pick(model_.end - model_.start + 1);
    const Offset upper = from + pick(40);
    const auto max_bytes = static_cast<std::size_t>(1 + pick(3000));
    const auto data = t_.run(log_->read(from, {.max_bytes = max_bytes, .upper_bound = upper}));
    ASSERT_TRUE(data) << data.error().message;
    const auto bytes = t_.run(gather(data->records));
    const auto batches = record::split_batches(*bytes);
    ASSERT_TRUE(batches);
    std::size_t i = model_.first_not_below(from);
    for (const auto& batch : *batches) {
      ASSERT_LT(i, model_.batches.size());
      ASSERT_EQ(batch.base_offset(), model_.batches[i].first);
      ASSERT_EQ(batch.last_offset(), model_.batches[i].last);
      ASSERT_TRUE(batch.crc_ok());
      ++i;
    }
    ASSERT_TRUE(bytes->size() <= max_bytes || batches->size() == 1);
    if (batches->empty()) {
      ASSERT_EQ(data->next, from);
      if (i < model_.batches.size()) ASSERT_GE(model_.batches[i].last, std::min(upper, model_.end));
    } else {
      ASSERT_EQ(data->next, batches->back().next_offset());
    }
  }

  void find_time() {
    const Timestamp target = t_.clock.wall() - pick(110'000);
    const auto found = t_.run(log_->offset_for_timestamp(target));
    ASSERT_TRUE(found) << found.error().message;
    ASSERT_EQ(found->offset, model_.by_time(target));
  }

  void truncate() {
    if (pick(3) != 0 || model_.end == model_.start) return;
    const Offset to = model_.end - pick(std::min<std::int64_t>(model_.end - model_.start, 30));
    const auto cut = t_.run(log_->truncate_to(to));
    ASSERT_TRUE(cut) << cut.error().message;
    while (!model_.batches.empty() && model_.batches.back().last >= to) {
      model_.end = std::min(to, model_.batches.back().first);
      model_.batches.pop_back();
    }
    model_.start = std::min(model_.start, model_.end);
    ASSERT_EQ(log_->end_offset(), model_.end);
    ++epoch_;
  }

  void delete_records() {
    const Offset to = model_.start + pick(std::min<std::int64_t>(model_.end - model_.start, 20) + 1);
    ASSERT_TRUE(log_->delete_records_before(to));
    model_.start = to;
    while (!model_.batches.empty() && model_.batches.front().last < to) model_.batches.erase(model_.batches.begin());
    if (pick(2) == 0) ASSERT_TRUE(t_.run(log_->checkpoint()));
  }

  void restart(bool clean) {
    if (clean) {
      const auto closed = t_.run(log_->close());
      ASSERT_TRUE(closed) << closed.error().message;
    }
    reopen(clean);
    ASSERT_EQ(log_->end_offset(), model_.end);
    ASSERT_EQ(log_->start_offset(), model_.start);
    if (!model_.batches.empty()) {
      for (int i = 0; i < 3; ++i) read();
    }
  }

  void reopen(bool clean) {
    LogOptions o;
    o.directory = t_.directory + "/model-0";
    o.partition = {"model", {0}};
    o.topic_id = Uuid{1, 2};
    o.config = config_;
    o.clean_shutdown = clean;
    o.files = std::make_shared<FileCache>(t_.disk, 4);
    if (log_) {
      o.recovery_point = log_->recovery_point();
      o.log_start = log_->start_offset();
      o.high_watermark = log_->high_watermark();
    }
    log_.reset();
    auto log = t_.run(Log::open(t_.shard, std::move(o)));
    ASSERT_TRUE(log) << log.error().message;
    log_ = *log;
  }

  TestShard t_;
  std::mt19937_64 random_;
  LogConfig config_;
  LogPtr log_;
  Model model_;
  std::int32_t epoch_ = 1;
};

TEST(LogModel, AgreesWithAListOfRecordsOverStopsAndCrashes) {
  // More for a longer run: THALWEG_SEEDS=500 TMPDIR=/dev/shm storage_test --gtest_filter=LogModel*
  const char* wanted = std::getenv("THALWEG_SEEDS");
  const unsigned seeds = wanted ? static_cast<unsigned>(std::atoi(wanted)) : 10;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Play play(seed);
    for (int i = 0; i < 150 && !::testing::Test::HasFatalFailure(); ++i) play.step();
    ASSERT_FALSE(::testing::Test::HasFatalFailure());
  }
}

}  // namespace
}  // namespace thalweg::storage
