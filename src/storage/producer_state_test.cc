#include "storage/producer_state.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

#include "base/crc32c.h"
#include "base/endian.h"
#include "record/builder.h"
#include "storage/batch_cleaning.h"
#include "storage/transaction_index.h"

namespace thalweg::storage {
namespace {

using record::BatchView;

struct Batch {
  ProducerId id{1};
  int epoch = 0;
  std::int32_t sequence = 0;
  int count = 1;
  bool transactional = false;
  Timestamp timestamp = 1000;

  SharedBytes bytes() const {
    record::BatchBuilder builder({.producer_id = id,
                                  .producer_epoch = {static_cast<std::int16_t>(epoch)},
                                  .base_sequence = sequence,
                                  .transactional = transactional});
    for (int i = 0; i < count; ++i) builder.append({.timestamp = timestamp, .value = as_bytes("v")});
    return builder.build();
  }
};

// A log that only counts: what the checks let through gets the next offset.
struct Fixture {
  ProducerStateManager state;
  Offset next{0};

  ErrorCode append(const Batch& batch, AppendOrigin origin = AppendOrigin::kClient) {
    const SharedBytes bytes = batch.bytes();
    const auto view = BatchView::at(bytes);
    const auto verdict = state.check(*view, origin);
    if (!verdict) return verdict.error().code;
    if (verdict->duplicate) return ErrorCode::kDuplicateSequenceNumber;
    EXPECT_TRUE(state.update(*view, next));
    next = next + batch.count;
    return ErrorCode::kNone;
  }
  Result<std::optional<CompletedTransaction>> mark(bool commit, ProducerId id, int epoch, int coordinator_epoch = 0,
                                                   int version = 0) {
    const SharedBytes bytes =
        record::end_transaction_marker(commit, id, {static_cast<std::int16_t>(epoch)}, coordinator_epoch, 1000);
    const auto view = BatchView::at(bytes);
    TRY(const auto verdict, state.check(*view, AppendOrigin::kCoordinator, version));
    EXPECT_FALSE(verdict.duplicate);
    auto done = state.update(*view, next);
    next = next + 1;
    return done;
  }
};

TEST(ProducerState, KeepsFiveBatchesToKnowDuplicatesBy) {
  Fixture log;
  for (int i = 0; i < 7; ++i) ASSERT_EQ(log.append({.sequence = i * 2, .count = 2}), ErrorCode::kNone);
  for (int i = 2; i < 7; ++i) {
    const SharedBytes bytes = Batch{.sequence = i * 2, .count = 2}.bytes();
    const auto verdict = log.state.check(*BatchView::at(bytes), AppendOrigin::kClient);
    ASSERT_TRUE(verdict && verdict->duplicate) << i;
    EXPECT_EQ(verdict->duplicate->first_offset(), Offset{i * 2});
    EXPECT_EQ(verdict->duplicate->timestamp, 1000);
  }
  EXPECT_EQ(log.append({.sequence = 2, .count = 2}), ErrorCode::kOutOfOrderSequenceNumber);   // sixth newest
  EXPECT_EQ(log.append({.sequence = 12, .count = 1}), ErrorCode::kOutOfOrderSequenceNumber);  // only half of one
  EXPECT_EQ(log.append({.sequence = 15}), ErrorCode::kOutOfOrderSequenceNumber);              // a gap
  EXPECT_EQ(log.append({.sequence = 14}), ErrorCode::kNone);
}

TEST(ProducerState, ZeroFollowsTheLargestSequenceAlsoInsideABatch) {
  Fixture log;
  ASSERT_EQ(log.append({.sequence = 2147483645, .count = 2}), ErrorCode::kNone);
  ASSERT_EQ(log.append({.sequence = 2147483647, .count = 3}), ErrorCode::kNone);  // 2147483647, 0, 1
  EXPECT_EQ(log.append({.sequence = 2147483647, .count = 3}), ErrorCode::kDuplicateSequenceNumber);
  EXPECT_EQ(log.append({.sequence = 2}), ErrorCode::kNone);
}

TEST(ProducerState, AnUnknownProducerMayBeginAnywhereButANewEpochAtZero) {
  Fixture log;
  ASSERT_EQ(log.append({.epoch = 3, .sequence = 500}), ErrorCode::kNone);
  EXPECT_EQ(log.append({.epoch = 4, .sequence = 501}), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(log.append({.epoch = 2, .sequence = 0}), ErrorCode::kInvalidProducerEpoch);
  EXPECT_EQ(log.append({.epoch = 4, .sequence = 0}), ErrorCode::kNone);
  EXPECT_EQ(log.append({.epoch = 3, .sequence = 500}), ErrorCode::kInvalidProducerEpoch);  // no longer a duplicate
  EXPECT_EQ(log.state.find({1})->batches().size(), 1u);
}

TEST(ProducerState, SequencesAreTheClientsBusinessOnly) {
  Fixture log;
  ASSERT_EQ(log.append({.sequence = 0}), ErrorCode::kNone);
  EXPECT_EQ(log.append({.sequence = 10}, AppendOrigin::kCoordinator), ErrorCode::kNone);
}

TEST(ProducerState, AWriteOutsideTheOpenTransactionIsRefused) {
  Fixture log;
  ASSERT_EQ(log.append({.sequence = 0, .transactional = true}), ErrorCode::kNone);
  EXPECT_EQ(log.append({.sequence = 1}), ErrorCode::kInvalidTxnState);
  EXPECT_TRUE(log.state.has_ongoing_transaction({1}, {0}));
  EXPECT_FALSE(log.state.has_ongoing_transaction({1}, {1}));
}

TEST(ProducerState, TheFirstUnstableOffsetIsTheOldestOpenOrUnreplicatedTransaction) {
  Fixture log;
  EXPECT_EQ(log.state.first_unstable_offset(), std::nullopt);
  log.append({.id = {1}, .transactional = true});              // 0
  log.append({.id = {2}, .count = 3, .transactional = true});  // 1 - 3
  EXPECT_EQ(log.state.first_unstable_offset(), Offset{0});

  const auto first = log.mark(false, {1}, 0);  // 4
  ASSERT_TRUE(first && *first);
  EXPECT_EQ(**first, (CompletedTransaction{{1}, {0}, {4}, true, {1}}));
  EXPECT_EQ(log.state.first_unstable_offset(), Offset{0});  // the marker may still be lost
  log.state.on_high_watermark({4});
  EXPECT_EQ(log.state.first_unstable_offset(), Offset{0});
  log.state.on_high_watermark({5});
  EXPECT_EQ(log.state.first_unstable_offset(), Offset{1});

  const auto second = log.mark(true, {2}, 0);  // 5
  EXPECT_EQ(**second, (CompletedTransaction{{2}, {1}, {5}, false, {6}}));
  log.state.on_high_watermark({6});
  EXPECT_EQ(log.state.first_unstable_offset(), std::nullopt);
  EXPECT_EQ(AbortedTransaction::of(**first), (AbortedTransaction{{1}, {0}, {4}, {1}}));
}

TEST(ProducerState, AMarkerWithoutDataEndsNothing) {
  Fixture log;
  const auto done = log.mark(false, {1}, 0);
  ASSERT_TRUE(done);
  EXPECT_FALSE(*done);
  EXPECT_EQ(log.state.first_unstable_offset(), std::nullopt);
}

TEST(ProducerState, MarkersAreFencedByProducerAndCoordinatorEpoch) {
  Fixture log;
  log.append({.epoch = 5, .transactional = true});
  EXPECT_EQ(log.mark(true, {1}, 4).error().code, ErrorCode::kInvalidProducerEpoch);
  ASSERT_TRUE(log.mark(true, {1}, 5, 10));
  EXPECT_EQ(log.mark(true, {1}, 5, 9).error().code, ErrorCode::kTransactionCoordinatorFenced);
  EXPECT_EQ(log.mark(true, {1}, 5, 10, 2).error().code, ErrorCode::kInvalidProducerEpoch);  // must exceed from TV2 on
  EXPECT_TRUE(log.mark(true, {1}, 6, 10, 2));
  EXPECT_EQ(log.append({.epoch = 6, .sequence = 1, .transactional = true}), ErrorCode::kOutOfOrderSequenceNumber);
  EXPECT_EQ(log.append({.epoch = 6, .sequence = 0, .transactional = true}), ErrorCode::kNone);
}

TEST(ProducerState, AMarkerOfTheSameEpochLeavesTheWindowAlone) {
  Fixture log;
  log.append({.sequence = 0, .transactional = true});
  ASSERT_TRUE(log.mark(true, {1}, 0));
  EXPECT_EQ(log.append({.sequence = 0, .transactional = true}), ErrorCode::kDuplicateSequenceNumber);
  EXPECT_EQ(log.append({.sequence = 1, .transactional = true}), ErrorCode::kNone);
}

TEST(ProducerState, ForgetsIdleProducersButNeverAnOpenTransaction) {
  Fixture log;
  log.append({.id = {1}, .timestamp = 1000});
  log.append({.id = {2}, .transactional = true, .timestamp = 1000});
  log.append({.id = {3}, .timestamp = 1001});
  EXPECT_EQ(log.state.remove_expired(1000 + 86'400'000 - 1), 0u);
  EXPECT_EQ(log.state.remove_expired(1000 + 86'400'000), 1u);
  EXPECT_FALSE(log.state.find({1}));
  EXPECT_TRUE(log.state.find({2}) && log.state.find({3}));
  EXPECT_EQ(log.append({.id = {1}, .sequence = 77}), ErrorCode::kNone);
}

TEST(ProducerState, ASnapshotRestoresTheNewestBatchAndOpenTransactions) {
  Fixture log;
  for (int i = 0; i < 3; ++i) log.append({.id = {9}, .epoch = 2, .sequence = i});
  log.append({.id = {4}, .count = 2, .transactional = true});
  ASSERT_TRUE(log.mark(true, {5}, 1, 33));
  const SharedBytes file = log.state.snapshot();
  EXPECT_EQ(file.size(), 10 + 3 * 46u);

  ProducerStateManager loaded;
  ASSERT_TRUE(loaded.load_snapshot(file, log.next, 2000));
  EXPECT_EQ(loaded.end_offset(), log.next);
  EXPECT_EQ(loaded.size(), 3u);
  ASSERT_EQ(loaded.find({9})->batches().size(), 1u);
  EXPECT_EQ(loaded.find({9})->last_sequence(), 2);
  EXPECT_EQ(loaded.find({9})->last_offset(), Offset{2});
  EXPECT_EQ(loaded.find({5})->coordinator_epoch, 33);
  EXPECT_EQ(loaded.find({5})->last_sequence(), record::kNoSequence);
  EXPECT_EQ(loaded.first_unstable_offset(), Offset{3});
  EXPECT_EQ(loaded.snapshot(), file);

  ASSERT_TRUE(loaded.load_snapshot(file, log.next, 1000 + 86'400'000));
  EXPECT_EQ(loaded.size(), 1u);  // only the open transaction outlives the day
}

TEST(ProducerState, AMarkerWithoutItsRecordEndsNothing) {
  Fixture log;
  ASSERT_EQ(log.append({.sequence = 0, .count = 1, .transactional = true}), ErrorCode::kNone);
  const SharedBytes marker = record::end_transaction_marker(true, ProducerId{8}, ProducerEpoch{0}, 0, 1000);
  const auto emptied = without_records(*BatchView::at(marker));
  const auto done = log.state.update(*BatchView::at(BytesView(emptied)), log.next);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_FALSE(*done);
  EXPECT_FALSE(log.state.find(ProducerId{8}));
  EXPECT_EQ(log.state.end_offset(), log.next + 1) << "its offset is taken";
}

TEST(ProducerState, ADamagedSnapshotIsRefusedWhole) {
  Fixture log;
  log.append({.id = {9}});
  const SharedBytes file = log.state.snapshot();
  ProducerStateManager loaded;
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::vector<std::byte> bytes(file.view().begin(), file.view().end());
    bytes[i] ^= std::byte{4};
    EXPECT_EQ(loaded.load_snapshot(bytes, {1}, 1000).error().code, ErrorCode::kCorruptMessage) << i;
    EXPECT_EQ(loaded.size(), 0u);
    bytes.resize(i);
    EXPECT_FALSE(loaded.load_snapshot(bytes, {1}, 1000));
  }
}

TEST(ProducerState, ASnapshotThatNamesAProducerTwiceIsRefused) {
  Fixture log;
  log.append({.id = {9}});
  const SharedBytes file = log.state.snapshot();
  std::vector<std::byte> bytes(file.view().begin(), file.view().end());
  bytes.insert(bytes.end(), file.view().begin() + 10, file.view().end());
  store_be<std::int32_t>(bytes.data() + 6, 2);
  store_be(bytes.data() + 2, crc32c(BytesView(bytes).subspan(6)));
  EXPECT_EQ(log.state.load_snapshot(bytes, {1}, 1000).error().code, ErrorCode::kCorruptMessage);
}

// The window rule said naively: the whole history of an epoch, of which the newest five count.
struct ProducerModel {
  struct Written {
    std::int32_t sequence;
    int count;
  };
  int epoch = -1;
  std::deque<Written> history;

  ErrorCode append(const Batch& batch) {
    if (epoch >= 0 && batch.epoch == epoch) {
      const std::size_t from = history.size() > 5 ? history.size() - 5 : 0;
      for (std::size_t i = from; i < history.size(); ++i)
        if (history[i].sequence == batch.sequence && history[i].count == batch.count)
          return ErrorCode::kDuplicateSequenceNumber;
      const std::int64_t due = (std::int64_t{history.back().sequence} + history.back().count) % (std::int64_t{1} << 31);
      if (batch.sequence != due) return ErrorCode::kOutOfOrderSequenceNumber;
    } else if (epoch >= 0) {
      if (batch.epoch < epoch) return ErrorCode::kInvalidProducerEpoch;
      if (batch.sequence != 0) return ErrorCode::kOutOfOrderSequenceNumber;
      history.clear();
    }
    epoch = batch.epoch;
    history.push_back({batch.sequence, batch.count});
    return ErrorCode::kNone;
  }
};

TEST(ProducerState, AgreesWithANaiveModelOfTheWindow) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::mt19937_64 random(seed);
    Fixture log;
    std::map<std::int64_t, ProducerModel> models;
    for (int step = 0; step < 200; ++step) {
      Batch batch{.id = {static_cast<std::int64_t>(random() % 2)}, .count = static_cast<int>(1 + random() % 3)};
      const ProducerModel& model = models[batch.id.value];
      batch.epoch = std::max(0, model.epoch) + (random() % 20 == 0) - (random() % 30 == 0 && model.epoch > 0);
      if (model.history.empty() || random() % 10 == 0) {
        batch.sequence = random() % 2 ? 0 : static_cast<std::int32_t>(2147483647 - random() % 6);
      } else {
        const std::size_t back = std::min<std::size_t>(random() % 8, model.history.size());
        const auto& w = model.history[model.history.size() - std::max<std::size_t>(back, 1)];
        batch.sequence = back == 0 ? record::advance_sequence(w.sequence, w.count) : w.sequence;
        if (back != 0 && random() % 4) batch.count = w.count;
      }
      ASSERT_EQ(log.append(batch), models[batch.id.value].append(batch)) << "seed " << seed << " step " << step;
    }
  }
}

}  // namespace
}  // namespace thalweg::storage
