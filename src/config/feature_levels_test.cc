#include "config/feature_levels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/broker_config.h"

namespace thalweg::config {
namespace {

using ::testing::HasSubstr;

TEST(FeatureLevels, AreNamesWithNumbers) {
  EXPECT_EQ(parse_feature_levels("metadata.version=29, thalweg.version=0"),
            (FeatureLevels{{"metadata.version", 29}, {"thalweg.version", 0}}));
  EXPECT_EQ(parse_feature_levels(""), FeatureLevels());
}

TEST(FeatureLevels, SayWhatIsWrong) {
  for (const auto* text : {"metadata.version", "metadata.version=", "=3", "metadata.version=-1",
                           "metadata.version=99999", "metadata.version=4.3"}) {
    const auto levels = parse_feature_levels(text);
    ASSERT_FALSE(levels) << text;
    EXPECT_THAT(levels.error().message, HasSubstr("is not feature=level"));
  }
  EXPECT_THAT(parse_feature_levels("a=1,a=2").error().message, HasSubstr("twice"));
}

TEST(FeatureLevels, OfANodeAreAnOption) {
  EXPECT_EQ(BrokerConfig().feature_levels_max, FeatureLevels());
  EXPECT_EQ(load_broker_config({{"thalweg.feature.levels.max", "thalweg.version=0"}})->config.feature_levels_max,
            (FeatureLevels{{"thalweg.version", 0}}));
}

}  // namespace
}  // namespace thalweg::config
