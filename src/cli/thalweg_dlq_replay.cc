// thalweg dlq replay: what DeadLetterQueue::replay of the toolkit does, with its group, so that one goes on where the
// other stopped; and where the console has sent letters back, these are left out.
//
// At least once: letters are sent, then their offsets are committed. Who is killed between the two sends the letters of
// one batch again next time.
#include <fmt/format.h>

#include <memory>
#include <set>

#include "admin/offsets.h"
#include "cli/dead_letter.h"
#include "cli/java_errors.h"
#include "cli/progress.h"

namespace thalweg::cli {
namespace {

struct ReplayWish {
  std::string queue, group;
  std::optional<std::string> to;
  LetterFilter filter;
  std::int64_t count = INT64_MAX;
  bool dry = false;
};

Result<ReplayWish> replay_wish_of(const Session& session) {
  ReplayWish wish;
  wish.queue = session.words()[0];
  wish.group = session.options.value_or("group", std::string(kReplayGroup));
  wish.to = session.options.value("to");
  wish.count = session.number("count").value_or(INT64_MAX);
  wish.dry = session.options.has("dry-run");
  TRY(wish.filter, LetterFilter::of(session));
  if (wish.group.empty()) return session.misuse("--group is empty: a group has a name");
  if (wish.to && wish.to->empty()) return session.misuse("--to is empty: a topic has a name");
  if (wish.to == wish.queue) return session.misuse("--to is the queue itself: the letters would come back to it");
  return wish;
}

class Replay {
 public:
  Replay(Session session, const ReplayWish& wish) : session_(session), wish_(wish), progress_(session, true) {
    admin::ProducerOptions options;
    options.max_block = options.delivery_timeout = session.client.options().api_timeout;
    producer_ = admin::Producer::create(session.client, options);
  }

  Task<Result<>> run() {
    CO_TRY(auto range, co_await letter_range(session_, {wish_.queue}, Place{}));
    CO_TRY_VOID(co_await go_on_from_committed(range));
    LetterReader reader(session_, std::move(range));
    auto done = co_await read_all(reader);
    co_await reader.close();
    co_await producer_->close();
    progress_.finish(sent_);
    co_return done;
  }
  void show() const {
    Report report({{"queue"}, {"to"}, {"records", Report::Kind::kNumber}, {"result"}});
    for (const auto& [topic, records] : by_topic_)
      report.add({wish_.queue, topic, std::to_string(records), wish_.dry ? "would be sent" : "sent"});
    if (passed_over_ > 0)
      report.add({wish_.queue, {}, std::to_string(passed_over_), wish_.dry ? "would be passed over" : "passed over"});
    if (sent_before_ > 0) report.add({wish_.queue, {}, std::to_string(sent_before_), "sent before"});
    session_.show(report);
  }
  bool found_nothing() const { return by_topic_.empty() && passed_over_ == 0 && sent_before_ == 0; }

 private:
  // What happened to one letter of a batch.
  struct Step {
    const admin::ConsumedRecord* letter;
    std::string topic;  // empty: passed over, or sent before
    bool sent_before = false;
    std::optional<Result<admin::Delivery>> outcome = {};
  };

  Task<Result<>> go_on_from_committed(LetterRange& range) {
    CO_TRY(replayed_, co_await fetch_replayed(session_, wish_.group));
    for (auto& [tp, from] : range.from)
      if (const auto at = replayed_.find(tp); at != replayed_.end()) from = std::max(from, at->second.below());
    co_return Result<>();
  }

  Task<Result<>> read_all(LetterReader& reader) {
    while (sent_ < wish_.count) {
      CO_TRY(const auto records, co_await reader.next());
      if (records.empty()) break;
      CO_TRY_VOID(co_await replay_batch(records));
      progress_.show(sent_);
    }
    co_return Result<>();
  }

  // Sends, waits for the outcomes, commits up to the first letter of each partition that did not make it.
  Task<Result<>> replay_batch(const std::vector<admin::ConsumedRecord>& records) {
    const auto steps = std::make_shared<std::vector<Step>>();
    steps->reserve(records.size());  // callbacks refer to its elements
    Result<> result;
    for (const auto& record : records) {
      if (sent_ == wish_.count) break;
      const DeadLetter letter = dead_letter_in(record);
      if (is_sent_before(record) || !wish_.filter.takes(letter)) {
        steps->push_back({&record, "", is_sent_before(record)});
        continue;
      }
      const auto to =
          letters::way_back(letter, record.key.has_value(), record.value.has_value(), wish_.queue, wish_.to);
      if (!to) {
        result = std::unexpected(stays(record, to.error()));
        break;
      }
      Step& step = steps->emplace_back(Step{&record, *to});
      ++sent_;
      if (!wish_.dry)
        co_await producer_->send(sent_back(record, *to), [steps, &step](Result<admin::Delivery> outcome) {
          step.outcome = std::move(outcome);
        });
    }
    if (!wish_.dry) co_await producer_->flush();
    co_await send_refused_alone(*steps);
    auto settled = co_await settle(*steps);
    co_return settled ? result : settled;
  }

  bool is_sent_before(const admin::ConsumedRecord& record) const {
    const auto at = replayed_.find(record.partition);
    return at != replayed_.end() && at->second.has(record.offset);
  }

  static Error stays(const admin::ConsumedRecord& record, letters::Stays why) {
    const bool helps = why != letters::Stays::kHoldsNoRecord;
    return {ErrorCode::kInvalidRequest, fmt::format("{}@{} {}{}", to_string(record.partition), record.offset.value,
                                                    sentence(why), helps ? "; name a topic with --to" : "")};
  }

  // One record that is too large has the whole of its batch refused; the others shall not suffer.
  Task<> send_refused_alone(std::vector<Step>& steps) {
    for (auto& step : steps) {
      const bool refused = step.outcome && !*step.outcome && step.outcome->error().code == ErrorCode::kMessageTooLarge;
      if (!refused) continue;
      step.outcome = co_await producer_->send_and_wait(sent_back(*step.letter, step.topic));
      if (!*step.outcome) co_return;
    }
  }

  Task<Result<>> settle(const std::vector<Step>& steps) {
    admin::CommittedOffsets positions;
    std::set<TopicPartition> broken;
    Result<> result;
    for (const auto& step : steps) {
      const bool lost = !step.topic.empty() && !wish_.dry && !(step.outcome && *step.outcome);
      if (lost && result)
        result =
            fail(step.outcome ? step.outcome->error().code : ErrorCode::kUnknownServerError,
                 fmt::format("{}: {}", step.topic,
                             step.outcome ? kafka_text(step.outcome->error()) : "nobody knows whether it was sent"));
      if (lost) broken.insert(step.letter->partition);
      if (!lost) ++counter_of(step);
      if (broken.contains(step.letter->partition)) continue;
      auto& marks = replayed_[step.letter->partition];
      marks.raise(step.letter->offset + 1);
      positions[step.letter->partition] = {.offset = marks.below(), .metadata = marks.metadata()};
    }
    if (wish_.dry || positions.empty()) co_return result;
    CO_TRY_VOID(co_await commit(std::move(positions)));
    co_return result;
  }

  std::int64_t& counter_of(const Step& step) {
    if (step.sent_before) return sent_before_;
    return step.topic.empty() ? passed_over_ : by_topic_[step.topic];
  }

  Task<Result<>> commit(admin::CommittedOffsets positions) {
    const auto codes = co_await admin::commit_offsets(session_.client, wish_.group, std::move(positions));
    if (!codes) co_return std::unexpected(not_remembered(codes.error()));
    for (const auto& [tp, code] : *codes)
      if (code != ErrorCode::kNone) co_return std::unexpected(not_remembered(admin::error_of(code)));
    co_return Result<>();
  }
  Error not_remembered(const Error& error) const {
    return {error.code, fmt::format("letters were sent, but group {} could not remember it, so the next run sends the "
                                    "last of them again: {}",
                                    wish_.group, kafka_text(error))};
  }

  Session session_;
  const ReplayWish& wish_;
  std::shared_ptr<admin::Producer> producer_;
  Progress progress_;
  Replayed replayed_;
  std::map<std::string, std::int64_t> by_topic_;
  std::int64_t sent_ = 0, passed_over_ = 0, sent_before_ = 0;
};

}  // namespace

void declare_dlq_replay(OptionParser& parser) {
  parser.value("to", "TOPIC", "Where to send them. (default: where each comes from)");
  parser.integer("count", "N", "Send at most so many.").within("count", 1);
  LetterFilter::declare(parser);
  parser.value("group", "ID",
               "Whose committed offsets say what was replayed before, or passed over. (default: thalweg-dlq-replay)");
  parser.flag("dry-run", "Only show what would be sent.");
}

Task<Result<>> dlq_replay(Session session) {
  CO_TRY(const auto wish, replay_wish_of(session));
  Replay replay(session, wish);
  const auto done = co_await replay.run();
  replay.show();
  if (done && replay.found_nothing() && session.terminal().err_is_terminal())
    session.terminal().err("Nothing is left to replay; another --group begins at the start again.\n");
  co_return done;
}

}  // namespace thalweg::cli
