#include "console/sessions.h"

#include <gtest/gtest.h>

#include "console/sign_in_limit.h"

namespace thalweg::console {
namespace {
using namespace std::chrono_literals;

struct Counting : Random {
  std::uint64_t next() override { return ++last; }
  std::uint64_t last = 0;
};

struct SessionsTest : testing::Test {
  Counting random;
  Sessions sessions{random};
};

TEST_F(SessionsTest, AnIdIs256BitsAndFindsWhoOpenedIt) {
  const auto id = sessions.open("User:a", 0s);
  EXPECT_EQ(id.size(), 64u);
  EXPECT_EQ(id, "0000000000000001000000000000000200000000000000030000000000000004");
  EXPECT_EQ(sessions.find(id, 1s), "User:a");
  EXPECT_EQ(sessions.find("", 1s), std::nullopt);
  EXPECT_EQ(sessions.find(id.substr(1), 1s), std::nullopt);
}

TEST_F(SessionsTest, EndsWhenItIsClosed) {
  const auto id = sessions.open("User:a", 0s);
  sessions.close(id);
  sessions.close("no such session");
  EXPECT_EQ(sessions.find(id, 1s), std::nullopt);
}

TEST_F(SessionsTest, EndsAfterTwelveIdleHours) {
  const auto id = sessions.open("User:a", 0s);
  EXPECT_TRUE(sessions.find(id, 12h));
  EXPECT_TRUE(sessions.find(id, 24h));
  EXPECT_FALSE(sessions.find(id, 36h + 1ns));
  EXPECT_EQ(sessions.size(), 0u);
}

TEST_F(SessionsTest, EndsAfterSevenDaysHoweverBusy) {
  const auto id = sessions.open("User:a", 0s);
  for (auto now = 0h; now <= 7 * 24h; now += 6h) EXPECT_TRUE(sessions.find(id, now));
  EXPECT_FALSE(sessions.find(id, 7 * 24h + 1ns));
}

TEST_F(SessionsTest, OneMoreThanAThousandDropsTheOneThatWasIdleLongest) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < Sessions::kMax; ++i) ids.push_back(sessions.open("User:a", std::chrono::seconds(i)));
  EXPECT_TRUE(sessions.find(ids[0], 2000s));
  const auto last = sessions.open("User:a", 2001s);
  EXPECT_EQ(sessions.size(), Sessions::kMax);
  EXPECT_TRUE(sessions.find(ids[0], 2002s));
  EXPECT_FALSE(sessions.find(ids[1], 2002s));
  EXPECT_TRUE(sessions.find(last, 2002s));
}

TEST(SignInLimit, FiveFailuresInAMinuteAreEnoughForTheRestOfIt) {
  SignInLimit limit;
  for (int i = 0; i < 4; ++i) limit.failed("a", 10s);
  EXPECT_EQ(limit.refused_for("a", 20s), 0s);
  limit.failed("a", 20s);
  EXPECT_EQ(limit.refused_for("a", 30s), 40s);
  EXPECT_EQ(limit.refused_for("b", 30s), 0s);
  EXPECT_EQ(limit.refused_for("a", 70s), 0s);
  limit.failed("a", 71s);
  EXPECT_EQ(limit.refused_for("a", 72s), 0s);
}

TEST(SignInLimit, ForgetsTheOldestOfTooManyAddresses) {
  SignInLimit limit;
  for (std::size_t i = 0; i < SignInLimit::kAddressesMax; ++i)
    for (int failures = 0; failures < 5; ++failures) limit.failed(std::to_string(i), std::chrono::milliseconds(i));
  limit.failed("one more", 2s);
  EXPECT_EQ(limit.refused_for("0", 2s), 0s);
  EXPECT_GT(limit.refused_for("1", 2s), 0s);
}

}  // namespace
}  // namespace thalweg::console
