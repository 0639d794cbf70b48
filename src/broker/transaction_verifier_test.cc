// Who asks one coordinator asks together, within bounds of number, memory and time.
#include "broker/transaction_verifier.h"

#include <gtest/gtest.h>

#include <optional>

#include "sim/world.h"

namespace thalweg::broker {
namespace {

using namespace std::chrono_literals;
using protocol::AddPartitionsToTxnRequest;
using protocol::AddPartitionsToTxnResponse;

constexpr BrokerId kFirst{1}, kSecond{2};

AddPartitionsToTxnResponse yes_to(const AddPartitionsToTxnRequest& request) {
  AddPartitionsToTxnResponse response;
  for (const auto& transaction : request.transactions) {
    auto& result = response.results_by_transaction.emplace_back();
    result.transactional_id = transaction.transactional_id;
    for (const auto& topic : transaction.topics) {
      auto& of = result.topic_results.emplace_back();
      of.name = topic.name;
      for (const auto partition : topic.partitions) of.results_by_partition.push_back({.partition_index = partition});
    }
  }
  return response;
}

TransactionQuestion about(const std::string& id,
                          std::vector<TopicPartition> partitions = {{"orders", PartitionId{0}}}) {
  return {.transactional_id = id,
          .producer_id = ProducerId{7},
          .producer_epoch = ProducerEpoch{1},
          .partitions = std::move(partitions)};
}

class Verifier : public testing::Test {
 protected:
  struct Sent {
    BrokerId to;
    AddPartitionsToTxnRequest request;
    OneShot<Result<AddPartitionsToTxnResponse>> answer;
  };
  using Pending = std::shared_ptr<std::optional<TransactionAnswer>>;

  void SetUp() override {
    node_ = &world_.add_node("asks", 1, [](sim::Node&) { return nullptr; });
    node_->start();
    make({});
  }
  void make(TransactionVerifier::Options options) {
    verifier_ = std::make_unique<TransactionVerifier>(
        node_->shard(0),
        [this](BrokerId to, AddPartitionsToTxnRequest request, Instant) {
          sent_.push_back({to, std::move(request), {}});
          return sent_.back().answer.wait();
        },
        options);
  }
  Pending ask(BrokerId whom, TransactionQuestion question) {
    auto answer = std::make_shared<std::optional<TransactionAnswer>>();
    spawn(node_->shard(0), keep(verifier_.get(), whom, std::move(question), answer));
    world_.run_for(1ms);
    return answer;
  }
  static Task<> keep(TransactionVerifier* verifier, BrokerId whom, TransactionQuestion question, Pending answer) {
    *answer = co_await verifier->ask(whom, std::move(question));
  }
  void answer(std::size_t which) {
    sent_.at(which).answer.set(yes_to(sent_.at(which).request));
    world_.run_for(1ms);
  }
  std::vector<std::string> ids(std::size_t which) {
    std::vector<std::string> all;
    for (const auto& transaction : sent_.at(which).request.transactions) all.push_back(transaction.transactional_id);
    return all;
  }
  static bool is(const Pending& answer, ErrorCode code) { return *answer && **answer == TransactionAnswer{code}; }

  sim::World world_{5};
  sim::Node* node_ = nullptr;
  std::deque<Sent> sent_;
  std::unique_ptr<TransactionVerifier> verifier_;
};

TEST_F(Verifier, WhatComesWhileAnAnswerIsDueGoesTogetherInTheNextRequest) {
  const auto a = ask(kFirst, about("a")), b = ask(kFirst, about("b")), c = ask(kFirst, about("c"));
  ASSERT_EQ(sent_.size(), 1u);
  EXPECT_EQ(ids(0), std::vector<std::string>{"a"});
  answer(0);
  EXPECT_TRUE(is(a, ErrorCode::kNone));
  EXPECT_FALSE(b->has_value());
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(ids(1), (std::vector<std::string>{"b", "c"}));
  answer(1);
  EXPECT_TRUE(is(b, ErrorCode::kNone) && is(c, ErrorCode::kNone));
  EXPECT_EQ(sent_.size(), 2u);
}

TEST_F(Verifier, ASlowCoordinatorHoldsUpNobodyWhoAsksAnother) {
  const auto slow = ask(kFirst, about("a")), other = ask(kSecond, about("b"));
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(sent_[1].to, kSecond);
  answer(1);
  EXPECT_TRUE(is(other, ErrorCode::kNone));
  EXPECT_FALSE(slow->has_value());
}

TEST_F(Verifier, ATransactionalIdIsOnceInARequest) {
  ask(kFirst, about("first"));
  const auto a = ask(kFirst, about("a")), again = ask(kFirst, about("a", {{"orders", PartitionId{1}}}));
  const auto b = ask(kFirst, about("b"));
  answer(0);
  EXPECT_EQ(ids(1), (std::vector<std::string>{"a", "b"}));
  answer(1);
  EXPECT_FALSE(again->has_value());
  EXPECT_EQ(ids(2), std::vector<std::string>{"a"});
  answer(2);
  EXPECT_TRUE(is(again, ErrorCode::kNone));
}

TEST_F(Verifier, WhoWaitsTooLongIsToldThatNobodyAnswered) {
  make({.timeout = 3s});
  const auto sent = ask(kFirst, about("a")), waiting = ask(kFirst, about("b"));
  world_.run_for(4s);
  EXPECT_TRUE(is(sent, ErrorCode::kNetworkException));
  EXPECT_TRUE(is(waiting, ErrorCode::kNetworkException)) << "although it was never sent";
  answer(0);
  EXPECT_EQ(sent_.size(), 1u) << "nobody waits for it any more";
}

TEST_F(Verifier, HowManyWaitAndWhatTheyTakeIsBounded) {
  make({.questions_max = 2});
  ask(kFirst, about("sent"));
  const auto a = ask(kFirst, about("a")), b = ask(kFirst, about("b")), c = ask(kFirst, about("c"));
  EXPECT_TRUE(is(c, ErrorCode::kCoordinatorNotAvailable));
  answer(0);
  answer(1);
  EXPECT_TRUE(is(a, ErrorCode::kNone) && is(b, ErrorCode::kNone));

  sent_.clear();
  make({.bytes_max = 4096});
  ask(kFirst, about("sent"));
  const auto large = ask(kFirst, about("large", {{std::string(5000, 't'), PartitionId{0}}}));
  EXPECT_TRUE(is(large, ErrorCode::kCoordinatorNotAvailable));
  const auto small = ask(kFirst, about("small"));
  EXPECT_FALSE(small->has_value());
}

TEST_F(Verifier, ARequestHoldsSoManyQuestionsAndNoMore) {
  make({.together_max = 2});
  ask(kFirst, about("sent"));
  for (const char* id : {"a", "b", "c"}) ask(kFirst, about(id));
  answer(0);
  EXPECT_EQ(ids(1), (std::vector<std::string>{"a", "b"}));
  answer(1);
  EXPECT_EQ(ids(2), std::vector<std::string>{"c"});
}

TEST_F(Verifier, WhenItStopsEverybodyIsAnswered) {
  ask(kFirst, about("sent"));
  const auto waiting = ask(kFirst, about("a"));
  verifier_->stop();
  world_.run_for(1ms);
  EXPECT_TRUE(is(waiting, ErrorCode::kCoordinatorNotAvailable));
  EXPECT_TRUE(is(ask(kFirst, about("later")), ErrorCode::kCoordinatorNotAvailable));
}

// ---- What an answer says

TEST(TransactionAnswers, EachPartitionHasItsOwnAndSilenceIsNoYes) {
  const auto question = about("a", {{"orders", PartitionId{1}}, {"orders", PartitionId{0}}, {"paid", PartitionId{0}}});
  AddPartitionsToTxnResponse response;
  auto& other = response.results_by_transaction.emplace_back();
  other.transactional_id = "b";
  auto& mine = response.results_by_transaction.emplace_back();
  mine.transactional_id = "a";
  auto& orders = mine.topic_results.emplace_back();
  orders.name = "orders";
  orders.results_by_partition = {{PartitionId{0}, ErrorCode::kNone},
                                 {PartitionId{1}, ErrorCode::kTransactionAbortable}};
  EXPECT_EQ(answer_of(question, response),
            (TransactionAnswer{ErrorCode::kTransactionAbortable, ErrorCode::kNone, ErrorCode::kNetworkException}));
}

TEST(TransactionAnswers, ErrorsOfTheWholeAreEverybodys) {
  AddPartitionsToTxnResponse response;
  response.error_code = ErrorCode::kClusterAuthorizationFailed;
  EXPECT_EQ(answer_of(about("a"), response), TransactionAnswer{ErrorCode::kInvalidTxnState})
      << "clients are not told that this broker may not ask";
  EXPECT_EQ(answer_of(about("a"), fail(ErrorCode::kNetworkException)), TransactionAnswer{ErrorCode::kNetworkException});
}

TEST(TransactionAnswers, ABrokerThatCannotVerifyIsNoReasonToRefuseButItHasAddedNothing) {
  auto question = about("a");
  EXPECT_EQ(answer_of(question, fail(ErrorCode::kUnsupportedVersion)), TransactionAnswer{ErrorCode::kNone});
  question.adds = true;
  EXPECT_EQ(answer_of(question, fail(ErrorCode::kUnsupportedVersion)),
            TransactionAnswer{ErrorCode::kCoordinatorNotAvailable});
}

TEST(TransactionAnswers, ARequestNamesEachPartitionOnce) {
  const auto question = about("a", {{"orders", PartitionId{1}}, {"paid", PartitionId{0}}, {"orders", PartitionId{1}}});
  const auto request = request_of({&question});
  ASSERT_EQ(request.transactions.size(), 1u);
  EXPECT_TRUE(request.transactions[0].verify_only);
  ASSERT_EQ(request.transactions[0].topics.size(), 2u);
  EXPECT_EQ(request.transactions[0].topics[0].partitions, std::vector{PartitionId{1}});
}

}  // namespace
}  // namespace thalweg::broker
