#include "replica/fetch_session_client.h"

#include <gtest/gtest.h>

namespace thalweg::replica {
namespace {

PartitionKey key_of(int i) { return {Uuid{1, 2}, PartitionId{i}}; }
FetchSessionClient::Wanted at(std::int64_t end, std::int64_t claim = 0) {
  return {.position = {LeaderEpoch{3}, Offset{end}, LeaderEpoch{3}}, .claim = Offset{claim}};
}
std::size_t asked_in(const protocol::FetchRequest& request) {
  std::size_t count = 0;
  for (const auto& topic : request.topics) count += topic.partitions.size();
  return count;
}
protocol::FetchResponse opened(std::int32_t id = 7) {
  protocol::FetchResponse response;
  response.session_id = id;
  return response;
}

TEST(FetchSessionClient, NamesAllPartitionsOnceAndThenWhatChanged) {
  FetchSessionClient session;
  session.put(key_of(0), at(10, 4));
  session.put(key_of(1), at(20));
  auto next = session.next();
  EXPECT_EQ(next.request.session_epoch, 0);
  EXPECT_EQ(asked_in(next.request), 2u);
  EXPECT_EQ(next.request.topics[0].partitions[0].durable_end_offset, Offset{4});
  EXPECT_FALSE(session.established());
  EXPECT_TRUE(session.on_answer(opened()));
  EXPECT_TRUE(session.established());

  next = session.next();
  EXPECT_EQ(next.request.session_id, 7);
  EXPECT_EQ(next.request.session_epoch, 1);
  EXPECT_EQ(asked_in(next.request), 0u) << "nothing has changed";
  session.put(key_of(0), at(10, 10));
  EXPECT_TRUE(session.has_changes());
  session.put(key_of(0), at(10, 4));
  EXPECT_FALSE(session.has_changes()) << "as the leader knows it";
  session.put(key_of(0), at(12, 10));
  session.forget(key_of(1));
  next = session.next();
  EXPECT_EQ(next.request.session_epoch, 2);
  EXPECT_EQ(asked_in(next.request), 1u);
  EXPECT_EQ(next.request.forgotten_topics_data.at(0).partitions, std::vector{PartitionId{1}});
}

TEST(FetchSessionClient, AnAnswerIsToldApartFromWhatWasAskedLater) {
  FetchSessionClient session;
  session.put(key_of(0), at(10));
  const auto first = session.next().number;
  session.on_answer(opened());
  session.put(key_of(0), at(10, 10));  // a claim changes nothing of what was asked
  const auto second = session.next().number;
  ASSERT_TRUE(session.asked(first, key_of(0)));
  EXPECT_EQ(session.asked(first, key_of(0))->end, Offset{10});
  session.put(key_of(0), at(12, 10));
  const auto third = session.next().number;
  EXPECT_FALSE(session.asked(second, key_of(0))) << "of a place where the log does not end any more";
  EXPECT_EQ(session.asked(third, key_of(0))->end, Offset{12});
  EXPECT_FALSE(session.asked(third, key_of(5)));
}

TEST(FetchSessionClient, BeginsAgainWhenTheLeaderHasForgottenIt) {
  FetchSessionClient session;
  session.put(key_of(0), at(10));
  session.next();
  session.on_answer(opened());
  protocol::FetchResponse lost;
  lost.error_code = ErrorCode::kFetchSessionIdNotFound;
  EXPECT_FALSE(session.on_answer(lost));
  const auto next = session.next();
  EXPECT_EQ(next.request.session_id, 0);
  EXPECT_EQ(next.request.session_epoch, 0);
  EXPECT_EQ(asked_in(next.request), 1u);
}

TEST(FetchSessionClient, ALeaderWithoutSessionsIsAskedForAllEachTime) {
  FetchSessionClient session;
  session.put(key_of(0), at(10));
  session.next();
  EXPECT_TRUE(session.on_answer(opened(0)));
  const auto next = session.next();
  EXPECT_EQ(next.request.session_epoch, 0);
  EXPECT_EQ(asked_in(next.request), 1u);
}

TEST(FetchSessionClient, WhatGoesAndComesBackBetweenTwoRequestsIsStillForgottenLater) {
  FetchSessionClient session;
  session.put(key_of(0), at(10));
  session.put(key_of(1), at(10));
  session.next();
  session.on_answer(opened());
  session.forget(key_of(1));
  session.put(key_of(1), at(11));
  session.forget(key_of(1));
  EXPECT_EQ(session.next().request.forgotten_topics_data.size(), 1u);
}

}  // namespace
}  // namespace thalweg::replica
