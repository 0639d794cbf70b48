#include "replicated/host.h"

#include <gtest/gtest.h>

#include "replicated/testing.h"
#include "sim/world.h"

namespace thalweg::replicated {
namespace {

using namespace std::chrono_literals;

// A counter that answers "add" with the new sum, and parks "wait" until the next timer. "Later" adds when a timer
// fires. How often it was asked to add is soft state.
struct Counter {
  using Record = int;
  using RequestId = Strong<std::uint64_t, struct CounterRequestTag>;
  using TimerKey = std::string;
  using Context = std::string;
  struct Sum {
    int value = 0;
    int asked = 0;
    friend bool operator==(const Sum&, const Sum&) = default;
  };
  struct Woken {
    int sum = 0;
  };
  struct Add {
    int value;
  };
  struct Wait {};
  struct Later {
    int value;
  };
  using Reply = std::variant<Sum, Woken>;
  using Effects = machine::Effects<Record, Reply, RequestId, TimerKey>;

  Effects on(Add add, Context, RequestId id, Instant, Timestamp) {
    if (add.value == 0) return {{}, {{id, Sum{sum, asked}}}, {}};
    asked_before = asked++;
    return {{add.value}, {{id, Sum{sum + add.value, asked}}}, {}};
  }
  Effects on(Wait, Context, RequestId id, Instant now, Timestamp) {
    parked.push_back(id);
    return {{}, {}, {{"wake", now + 3s}}};
  }
  Effects on(Later later, Context, RequestId id, Instant now, Timestamp) {
    due = later.value;
    return {{}, {{id, Sum{sum, asked}}}, {{"due", now + 3s}}};
  }
  Effects on_timer(TimerKey key, Instant, Timestamp) {
    if (key == "due") {
      asked_before = asked++;
      return {{due}, {}, {}};
    }
    EXPECT_EQ(key, "wake");
    Effects effects;
    for (const auto id : std::exchange(parked, {})) effects.replies.push_back({id, Woken{sum}});
    return effects;
  }
  Effects on_loaded(Instant, Timestamp) { return {.append = first, .replies = {}, .timers = {}}; }
  void apply(const int& value) { sum += value; }
  void undo() { asked = asked_before; }

  int sum = 0, asked = 0, asked_before = 0, due = 0;
  std::vector<RequestId> parked;
  std::vector<Record> first;  // appended once it is loaded
};

using Journal = testing::ModelJournal<int>;
const AppendFailure kRefused{AppendFailure::Kind::kRefused, {ErrorCode::kPolicyViolation, "too large"}};
const AppendFailure kLost{AppendFailure::Kind::kLost, {ErrorCode::kNotLeaderOrFollower, "2 leads"}};

using CounterHost = Host<Counter, Journal>;

class HostTest : public ::testing::Test {
 protected:
  HostTest() {
    node_.start();
    journal_ = std::make_shared<Journal>(shard().clock);
    host_ = std::make_unique<CounterHost>(
        shard(), journal_,
        [this] {
          auto counter = std::make_unique<Counter>();
          counter->first = first_;
          return counter;
        },
        HostOptions{.name = "counter"});
  }
  const Shard& shard() const { return node_.shard(0); }
  void run() { world_.run_for(Instant(0)); }
  void advance(Instant by) { world_.run_for(by); }
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
    spawn(shard(), ask<Response, Request>(host_.get(), request, answer));
    run();
    return answer;
  }
  auto add(int value) { return ask<Counter::Sum>(Counter::Add{value}); }
  void commit() {
    journal_->commit();
    run();
  }

  sim::World world_{1};
  sim::Node& node_ = world_.add_node("host", 1, [](sim::Node&) { return nullptr; });
  std::vector<int> first_;
  std::shared_ptr<Journal> journal_;
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

TEST_F(HostTest, AReplyWithoutRecordsWaitsUntilTheOthersSayThatWeLead) {
  lead();
  journal_->others.emplace();
  const auto write = add(5);
  const auto read = add(0);
  commit();
  EXPECT_EQ((**write)->value, 5) << "its commit says so";
  EXPECT_FALSE(read->has_value()) << "what it saw may have been committed by another leader";
  journal_->others->set(true);
  run();
  ASSERT_TRUE(read->has_value());
  EXPECT_EQ((**read)->value, 5);
}

TEST_F(HostTest, AReplyWithoutRecordsIsNotGivenByALeaderThatWasReplaced) {
  lead();
  journal_->others.emplace();
  const auto read = add(0);
  journal_->others->set(false);
  run();
  EXPECT_EQ((**read).error().code, ErrorCode::kNotCoordinator);
  journal_->others.emplace();
  const auto unheard = add(0);
  advance(5s);
  EXPECT_EQ((**unheard).error().code, ErrorCode::kRequestTimedOut);
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
  journal_->commit();
  journal_->gate.emplace();
  lead();
  EXPECT_EQ((**add(0)).error().code, ErrorCode::kCoordinatorLoadInProgress);
  journal_->gate->set(true);
  run();
  EXPECT_EQ((**add(0))->value, 6);
}

TEST_F(HostTest, TriesAgainWhenLoadingFails) {
  journal_->records = {1, 2};
  journal_->commit();
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

TEST_F(HostTest, ARefusedAppendCostsNobodyButWhoAskedAnything) {
  lead();
  const auto in_flight = add(5);
  const auto parked = ask<Counter::Woken>(Counter::Wait{});
  journal_->failure = kRefused;
  const auto refused = add(7);
  EXPECT_EQ((**refused).error(), kRefused.error);
  EXPECT_FALSE(in_flight->has_value() || parked->has_value());
  journal_->failure.reset();
  EXPECT_TRUE(host_->serving());
  commit();
  EXPECT_EQ((**in_flight)->value, 5);
  advance(3s);
  EXPECT_EQ((**parked)->sum, 5);
  EXPECT_EQ(***add(0), (Counter::Sum{.value = 5, .asked = 1})) << "the machine has kept what it was refused";
}

TEST_F(HostTest, ATimerWhoseStepWasRefusedFiresAgain) {
  lead();
  ask<Counter::Sum>(Counter::Later{7});
  journal_->failure = kRefused;
  advance(5s);
  journal_->failure.reset();
  advance(1s);
  commit();
  EXPECT_EQ(***add(0), (Counter::Sum{.value = 7, .asked = 1}));
}

TEST_F(HostTest, AMachineWhoseFirstRecordsAreRefusedIsLoadedAgain) {
  first_ = {3};
  journal_->failure = kRefused;
  lead();
  EXPECT_EQ((**add(0)).error().code, ErrorCode::kCoordinatorLoadInProgress);
  journal_->failure.reset();
  advance(1s);
  commit();
  EXPECT_EQ((**add(0))->value, 3);
}

TEST_F(HostTest, ALostJournalReloadsTheMachineWithWhatIsInFlight) {
  lead();
  const auto kept = add(5);
  commit();
  const auto in_flight = add(6);
  const auto parked = ask<Counter::Woken>(Counter::Wait{});
  journal_->failure = kLost;
  const auto lost = add(7);
  EXPECT_EQ((**lost).error(), kLost.error);
  EXPECT_EQ((**in_flight).error().code, ErrorCode::kNotCoordinator);
  EXPECT_EQ((**parked).error().code, ErrorCode::kNotCoordinator);
  journal_->failure.reset();
  const auto read = add(0);
  EXPECT_FALSE(read->has_value()) << "it has seen what is not committed";
  commit();
  EXPECT_EQ((**read)->value, 11);
}

TEST_F(HostTest, AJournalThatStaysLostIsNotLoadedAllTheTime) {
  lead();
  add(5);
  commit();
  journal_->failure = kLost;
  EXPECT_EQ((**add(7)).error(), kLost.error);
  EXPECT_TRUE(host_->serving());
  EXPECT_EQ((**add(7)).error(), kLost.error);
  EXPECT_EQ((**add(7)).error().code, ErrorCode::kCoordinatorLoadInProgress);
  journal_->failure.reset();
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
  journal_->commit();
  lead();
  EXPECT_EQ((**add(0))->value, 15);
}

}  // namespace
}  // namespace thalweg::replicated
