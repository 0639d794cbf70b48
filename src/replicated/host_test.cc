#include "replicated/host.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <deque>

namespace thalweg::replicated {
namespace {

using namespace std::chrono_literals;

class ManualClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  Timestamp wall() const override { return 1'000'000 + std::chrono::duration_cast<Millis>(now_).count(); }
  std::unique_ptr<Timer> call_at(Instant when, std::move_only_function<void()> call) override {
    auto entry = std::make_shared<Entry>(std::move(call));
    calls_.emplace(when, entry);
    return std::make_unique<Handle>(std::move(entry));
  }
  // Runs what is due, in order, up to `to`.
  void advance_to(Instant to) {
    while (!calls_.empty() && calls_.begin()->first <= to) {
      const auto node = calls_.extract(calls_.begin());
      now_ = std::max(now_, node.key());
      if (!node.mapped()->cancelled) node.mapped()->call();
    }
    now_ = to;
  }

 private:
  struct Entry {
    explicit Entry(std::move_only_function<void()> c) : call(std::move(c)) {}
    std::move_only_function<void()> call;
    bool cancelled = false;
  };
  struct Handle final : Timer {
    explicit Handle(std::shared_ptr<Entry> e) : entry(std::move(e)) {}
    ~Handle() override { entry->cancelled = true; }
    std::shared_ptr<Entry> entry;
  };
  Instant now_{0};
  std::multimap<Instant, std::shared_ptr<Entry>> calls_;
};

// A counter that answers "add" with the new sum, parks "wait" until the next timer, and refuses nothing.
struct Counter {
  using Record = int;
  using RequestId = Strong<std::uint64_t, struct CounterRequestTag>;
  using TimerKey = std::string;
  using Context = std::string;
  struct Sum {
    int value = 0;
  };
  struct Woken {
    int sum = 0;
  };
  struct Add {
    int value;
  };
  struct Wait {};
  using Reply = std::variant<Sum, Woken>;
  struct Effects {
    struct GivenReply {
      RequestId id;
      Reply reply;
    };
    struct TimerChange {
      TimerKey key;
      std::optional<Instant> at;
    };
    std::vector<Record> append;
    std::vector<GivenReply> replies;
    std::vector<TimerChange> timers;
  };

  Effects on(Add add, Context, RequestId id, Instant, Timestamp) {
    if (add.value == 0) return {{}, {{id, Sum{sum}}}, {}};
    return {{add.value}, {{id, Sum{sum + add.value}}}, {}};
  }
  Effects on(Wait, Context, RequestId id, Instant now, Timestamp) {
    parked.push_back(id);
    return {{}, {}, {{"wake", now + 3s}}};
  }
  Effects on_timer(TimerKey key, Instant, Timestamp) {
    EXPECT_EQ(key, "wake");
    Effects effects;
    for (const auto id : std::exchange(parked, {})) effects.replies.push_back({id, Woken{sum}});
    return effects;
  }
  Effects on_loaded(Instant, Timestamp) { return {}; }
  void apply(const int& value) { sum += value; }

  int sum = 0;
  std::vector<RequestId> parked;
};

struct FakeJournal {
  explicit FakeJournal(Clock& clock) : watermark(clock) {}
  Result<Offset> append(const std::vector<int>& batch) {
    if (refuse) return fail(ErrorCode::kNotEnoughReplicas, "2 needed");
    records.insert(records.end(), batch.begin(), batch.end());
    return end();
  }
  Offset end() const { return {static_cast<std::int64_t>(records.size())}; }
  Watermark& committed() { return watermark; }
  Task<Result<>> replay(std::function<void(const int&)> each) {
    if (gate) co_await gate->wait();
    if (replay_failures > 0) {
      --replay_failures;
      co_return fail(ErrorCode::kKafkaStorageError, "cannot read");
    }
    for (const int record : records) each(record);
    co_return Result<>{};
  }
  std::vector<int> records;
  Watermark watermark;
  bool refuse = false;
  int replay_failures = 0;
  std::optional<OneShot<bool>> gate;
};

using CounterHost = Host<Counter, FakeJournal>;

class HostTest : public ::testing::Test {
 protected:
  // The host touches neither disk nor network nor random numbers; the references are never followed.
  HostTest()
      : shard_{0,
               io_.get_executor(),
               clock_,
               *reinterpret_cast<Disk*>(&clock_),
               *reinterpret_cast<Network*>(&clock_),
               *reinterpret_cast<Random*>(&clock_)} {
    make();
  }
  void make() {
    host_ = std::make_unique<CounterHost>(
        shard_, journal_, [] { return std::make_unique<Counter>(); }, HostOptions{.name = "counter"});
  }
  void run() {
    io_.restart();
    while (io_.poll() > 0) io_.restart();
  }
  void advance(Instant by) {
    clock_.advance_to(clock_.now() + by);
    run();
  }
  void lead() {
    host_->lead();
    run();
  }
  template <class Response, class Request>
  static Task<> ask(CounterHost* host, Request request, std::shared_ptr<std::optional<Result<Response>>> answer) {
    *answer = co_await host->handle<Response>(request, std::string("client"));
  }
  template <class Response, class Request>
  auto ask(Request request) {
    auto answer = std::make_shared<std::optional<Result<Response>>>();
    spawn(shard_, ask<Response, Request>(host_.get(), request, answer));
    run();
    return answer;
  }
  auto add(int value) { return ask<Counter::Sum>(Counter::Add{value}); }
  void commit() {
    journal_->watermark.advance(journal_->end());
    run();
  }

  boost::asio::io_context io_{1};
  ManualClock clock_;
  Shard shard_;
  std::shared_ptr<FakeJournal> journal_ = std::make_shared<FakeJournal>(clock_);
  std::unique_ptr<CounterHost> host_;
};

TEST_F(HostTest, AnswersOnlyWhatIsCommitted) {
  lead();
  const auto answer = add(5);
  EXPECT_FALSE(answer->has_value());
  commit();
  ASSERT_TRUE(answer->has_value());
  EXPECT_EQ((**answer)->value, 5);
}

TEST_F(HostTest, AReadWaitsForTheWritesItHasSeen) {
  lead();
  const auto write = add(5);
  const auto read = add(0);
  EXPECT_FALSE(read->has_value());
  commit();
  ASSERT_TRUE(read->has_value());
  EXPECT_EQ((**read)->value, 5);
  EXPECT_EQ((**add(0))->value, 5);  // nothing new to see: at once
}

TEST_F(HostTest, ParkedRequestsAreAnsweredByATimer) {
  lead();
  const auto first = ask<Counter::Woken>(Counter::Wait{});
  advance(2s);
  const auto second = ask<Counter::Woken>(Counter::Wait{});  // moves the timer
  advance(2s);
  EXPECT_FALSE(first->has_value());
  advance(1s);
  ASSERT_TRUE(first->has_value() && second->has_value());
  EXPECT_EQ((**first)->sum, 0);
}

TEST_F(HostTest, WhoDoesNotLeadSaysSo) { EXPECT_EQ((**add(1)).error().code, ErrorCode::kNotCoordinator); }

TEST_F(HostTest, SaysItIsLoadingUntilEverythingIsApplied) {
  journal_->records = {1, 2, 3};
  journal_->watermark.advance(Offset{3});
  journal_->gate.emplace();
  lead();
  EXPECT_EQ((**add(0)).error().code, ErrorCode::kCoordinatorLoadInProgress);
  journal_->gate->set(true);
  run();
  EXPECT_EQ((**add(0))->value, 6);
}

TEST_F(HostTest, TriesAgainWhenLoadingFails) {
  journal_->records = {1, 2};
  journal_->watermark.advance(Offset{2});
  journal_->replay_failures = 2;
  lead();
  advance(1s);
  EXPECT_FALSE(host_->serving());
  advance(1s);
  EXPECT_TRUE(host_->serving());
  EXPECT_EQ((**add(0))->value, 3);
}

TEST_F(HostTest, LosingLeadershipFailsEverybodyWhoWaits) {
  lead();
  const auto write = add(5);
  const auto parked = ask<Counter::Woken>(Counter::Wait{});
  host_->resign();
  run();
  EXPECT_EQ((**write).error().code, ErrorCode::kNotCoordinator);
  EXPECT_EQ((**parked).error().code, ErrorCode::kNotCoordinator);
  commit();
  advance(10s);  // the timer of the old leadership does nothing
}

TEST_F(HostTest, AFailedAppendReloadsTheMachine) {
  lead();
  const auto kept = add(5);
  commit();
  const auto parked = ask<Counter::Woken>(Counter::Wait{});
  journal_->refuse = true;
  const auto refused = add(7);
  EXPECT_EQ((**refused).error().code, ErrorCode::kNotEnoughReplicas);
  EXPECT_EQ((**parked).error().code, ErrorCode::kNotCoordinator);
  journal_->refuse = false;
  EXPECT_EQ((**add(0))->value, 5);
}

TEST_F(HostTest, AppendsThatKeepFailingDoNotReloadAllTheTime) {
  lead();
  add(5);
  commit();
  journal_->refuse = true;
  EXPECT_EQ((**add(7)).error().code, ErrorCode::kNotEnoughReplicas);
  EXPECT_TRUE(host_->serving());
  EXPECT_EQ((**add(7)).error().code, ErrorCode::kNotEnoughReplicas);
  EXPECT_EQ((**add(7)).error().code, ErrorCode::kCoordinatorLoadInProgress);
  journal_->refuse = false;
  advance(1s);
  EXPECT_EQ((**add(0))->value, 5);
}

TEST_F(HostTest, AReplyThatIsNotCommittedInTimeFailsAndTheMachineStays) {
  lead();
  const auto slow = add(5);
  advance(5s);
  EXPECT_EQ((**slow).error().code, ErrorCode::kRequestTimedOut);
  commit();
  EXPECT_EQ((**add(0))->value, 5);
}

TEST_F(HostTest, DestroyingTheHostAnswersWhoWaits) {
  lead();
  const auto write = add(5);
  host_.reset();
  run();
  EXPECT_EQ((**write).error().code, ErrorCode::kNotCoordinator);
  commit();
}

TEST_F(HostTest, LeadingAgainLoadsAgain) {
  lead();
  add(5);
  commit();
  host_->resign();
  journal_->records.push_back(10);  // written by another leader meanwhile
  journal_->watermark.advance(journal_->end());
  lead();
  EXPECT_EQ((**add(0))->value, 15);
}

}  // namespace
}  // namespace thalweg::replicated
