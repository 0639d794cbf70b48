#include "console/kept_answers.h"

#include <gtest/gtest.h>

namespace thalweg::console {
namespace {
using Begun = KeptAnswers::Begun;

const KeptAnswers::Key kAnn{"User:ann", "k1"};
constexpr Instant kNow(std::chrono::hours(5));

KeptAnswers::Answer answer(std::string body) { return {200, "application/json", std::move(body)}; }
KeptAnswers::Key key(int n) { return {"User:ann", std::to_string(n)}; }

TEST(KeptAnswers, TheSameKeyIsAnsweredAsItWas) {
  KeptAnswers kept;
  EXPECT_EQ(kept.begin(kAnn, "request", kNow), Begun::kNew);
  EXPECT_EQ(kept.begin(kAnn, "request", kNow), Begun::kUnderWay);
  kept.end(kAnn, answer("done"), kNow);
  EXPECT_EQ(kept.begin(kAnn, "request", kNow), Begun::kAnswered);
  EXPECT_EQ(kept.answer(kAnn).body, "done");
  EXPECT_EQ(kept.begin(kAnn, "other", kNow), Begun::kAnotherRequest);
  EXPECT_EQ(kept.begin({"User:bob", "k1"}, "other", kNow), Begun::kNew) << "keys are each user's own";
}

TEST(KeptAnswers, AKeyWhoseRequestDidNothingIsFree) {
  KeptAnswers kept;
  kept.begin(kAnn, "request", kNow);
  kept.end(kAnn, std::nullopt, kNow);
  EXPECT_EQ(kept.size(), 0u);
  EXPECT_EQ(kept.begin(kAnn, "other", kNow), Begun::kNew);
}

TEST(KeptAnswers, AreForgottenAfterAnHour) {
  KeptAnswers kept;
  kept.begin(kAnn, "request", kNow);
  kept.end(kAnn, answer("done"), kNow);
  EXPECT_EQ(kept.begin(kAnn, "request", kNow + Instant(KeptAnswers::kKeptFor) - Instant(1)), Begun::kAnswered);
  EXPECT_EQ(kept.begin(kAnn, "request", kNow + Instant(KeptAnswers::kKeptFor)), Begun::kNew);
}

TEST(KeptAnswers, TheOldestGoWhereThereAreTooMany) {
  KeptAnswers kept;
  for (int n = 0; n <= int(KeptAnswers::kKeysMax); ++n) {
    EXPECT_EQ(kept.begin(key(n), "request", kNow), Begun::kNew);
    kept.end(key(n), answer("done"), kNow);
  }
  EXPECT_EQ(kept.size(), KeptAnswers::kKeysMax);
  EXPECT_EQ(kept.begin(key(1), "request", kNow), Begun::kAnswered);
  EXPECT_EQ(kept.begin(key(0), "request", kNow), Begun::kNew);
}

TEST(KeptAnswers, ThoseUnderWayAreNotForgottenForAnother) {
  KeptAnswers kept;
  for (int n = 0; n < int(KeptAnswers::kKeysMax); ++n) kept.begin(key(n), "request", kNow);
  EXPECT_EQ(kept.begin(kAnn, "request", kNow), Begun::kTooMany);
  EXPECT_EQ(kept.begin(key(0), "request", kNow), Begun::kUnderWay);
}

TEST(KeptAnswers, TakeNoMoreBytesThanTheyMay) {
  KeptAnswers kept;
  const std::size_t large = KeptAnswers::kBytesMax / 3;
  for (int n = 0; n < 5; ++n) {
    kept.begin(key(n), "request", kNow);
    kept.end(key(n), answer(std::string(large, 'x')), kNow);
    EXPECT_LE(kept.bytes(), KeptAnswers::kBytesMax);
  }
  EXPECT_EQ(kept.begin(key(4), "request", kNow), Begun::kAnswered);
  EXPECT_EQ(kept.begin(key(0), "request", kNow), Begun::kNew);
  kept.begin(kAnn, "request", kNow);
  kept.end(kAnn, answer(std::string(KeptAnswers::kBytesMax + 1, 'x')), kNow);
  EXPECT_EQ(kept.begin(kAnn, "request", kNow), Begun::kNew) << "one that alone is too large is not kept";
}

}  // namespace
}  // namespace thalweg::console
