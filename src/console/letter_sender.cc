#include "console/letter_sender.h"

#include <fmt/format.h>

#include <algorithm>

#include "console/letter_batches.h"
#include "console/problem.h"
#include "console/record_places.h"
#include "console/record_reading.h"
#include "console/record_write.h"

namespace thalweg::console {
namespace {

using RunPtr = std::shared_ptr<const UnpackedRecords>;

bool is_too_large(ErrorCode code) {
  return code == ErrorCode::kMessageTooLarge || code == ErrorCode::kRecordListTooLarge;
}

Problem not_sent(const BackBatch& batch, const Error& error) {
  const std::string many = batch.letters.size() == 1 ? "A letter" : fmt::format("{} letters", batch.letters.size());
  Problem problem =
      problem_of(error.code, fmt::format("{} could not be sent to {}: {}", many, batch.topic, error.message),
                 "those before are sent and remembered; mend it, or choose others");
  if (is_too_large(error.code)) problem.status = 413;
  if (is_unknown_outcome(error.code))
    problem.hint = "nobody knows whether it was written: the next replay sends it again";
  return problem;
}

// Owner: shard 0, one request.
class LetterSender {
 public:
  LetterSender(const Call& call, metadata::TopicPtr queue, ReplayMemory memory)
      : call_(call), queue_(std::move(queue)), memory_(std::move(memory)) {}

  Task<SentBack> send(std::map<PartitionId, ReplayChoice::Ways> ways) {
    auto& clock = call_.broker().shard0().clock;
    const Instant until = later(clock.now(), kReplayedWithin);
    for (auto& [partition, some] : ways) {
      std::vector<Offset> wanted;
      for (const auto& [offset, topic] : some) wanted.push_back(offset);
      const auto back = std::make_shared<const LettersBack>(letters_back(partition, std::move(some)));
      while (!wanted.empty() && sent_.done && clock.now() < until && !call_.shared.searches.is_stopping())
        sent_.done = co_await send_run(back, wanted);
      sent_.left += std::int64_t(wanted.size());
    }
    co_return std::move(sent_);
  }

 private:
  LettersBack letters_back(PartitionId partition, ReplayChoice::Ways ways) const {
    LettersBack back{
        .queue = queue_->name, .partition = partition, .ways = std::move(ways), .targets = {}, .now = call_.now};
    for (const auto& [offset, topic] : back.ways) {
      auto& target = back.targets[topic];
      if (target.partitions > 0) continue;
      target.partitions = std::int32_t(call_.image->topic(topic)->partitions.size());
      target.without_key.value = std::int32_t(call_.broker().shard0().random.next() % std::uint64_t(target.partitions));
    }
    return back;
  }

  // Those that are gone by now are passed over.
  Task<Outcome<>> send_run(std::shared_ptr<const LettersBack> back, std::vector<Offset>& wanted) {
    const auto place = place_in(*queue_, back->partition);
    CO_TRY(const auto run, told(co_await read_run(call_, place, wanted, ReadIsolation::kCommitted)));
    const auto batches =
        co_await call_.shared.workers.run([found = run.found, back] { return batches_back(*found, *back); });
    std::vector<Offset> written;
    Outcome<> done;
    for (const auto& batch : batches) {
      done = co_await send_batch(batch, run.found, back, written);
      if (!done) break;
    }
    if (!written.empty()) {
      auto remembered = co_await memory_.add(call_, back->partition, written);
      if (!remembered && done) done = std::move(remembered);
    }
    std::erase_if(wanted, [next = run.next](Offset offset) { return offset < next; });
    co_return done;
  }

  // One letter that is too large has its whole batch refused: then each goes alone.
  Task<Outcome<>> send_batch(const BackBatch& batch, RunPtr run, std::shared_ptr<const LettersBack> back,
                             std::vector<Offset>& written) {
    auto outcome = co_await write_batch(call_, place_of(batch), batch.bytes);
    if (outcome) {
      count(batch, written);
      co_return Outcome<>();
    }
    if (!is_too_large(outcome.error().code) || batch.letters.size() == 1)
      co_return std::unexpected(not_sent(batch, outcome.error()));
    auto alone = std::make_shared<LettersBack>(*back);
    std::erase_if(alone->ways,
                  [&batch](const auto& way) { return !std::ranges::binary_search(batch.letters, way.first); });
    const auto singles = co_await call_.shared.workers.run([run, alone] { return batches_back(*run, *alone, 0); });
    for (const auto& single : singles) {
      outcome = co_await write_batch(call_, place_of(single), single.bytes);
      if (!outcome) co_return std::unexpected(not_sent(single, outcome.error()));
      count(single, written);
    }
    co_return Outcome<>();
  }

  PartitionPlace place_of(const BackBatch& batch) const {
    return place_in(*call_.image->topic(batch.topic), batch.partition);
  }
  void count(const BackBatch& batch, std::vector<Offset>& written) {
    written.insert(written.end(), batch.letters.begin(), batch.letters.end());
    sent_.by_topic[batch.topic] += std::int64_t(batch.letters.size());
  }

  const Call& call_;
  const metadata::TopicPtr queue_;
  ReplayMemory memory_;
  SentBack sent_;
};

}  // namespace

Task<SentBack> send_back(const Call& call, metadata::TopicPtr queue, std::map<PartitionId, ReplayChoice::Ways> ways,
                         ReplayMemory memory) {
  LetterSender sender(call, std::move(queue), std::move(memory));
  co_return co_await sender.send(std::move(ways));
}

}  // namespace thalweg::console
