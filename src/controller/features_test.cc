#include "controller/features.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/testing.h"
#include "controller/update_features.h"

namespace thalweg::controller {
namespace {

using testing::Controller;
using ::testing::HasSubstr;
using testing::registration;

constexpr std::int8_t kUpgrade = 1, kSafe = 2, kUnsafe = 3;

// A cluster that was founded before there was thalweg.version.
class Features : public ::testing::Test {
 protected:
  void SetUp() override { controller_.slow_down(); }
  protocol::UpdateFeaturesResponse update(std::string feature, std::int16_t level, std::int8_t type = kUpgrade,
                                          std::int16_t version = 2) {
    protocol::UpdateFeaturesRequest request;
    request.feature_updates.push_back(
        {.feature = std::move(feature), .max_version_level = level, .upgrade_type = type});
    request.validate_only = validate_only_;
    return controller_.ask<protocol::UpdateFeaturesResponse>(request, version);
  }
  std::string why(const protocol::UpdateFeaturesResponse& reply) {
    EXPECT_EQ(reply.error_code, ErrorCode::kInvalidUpdateVersion);
    return reply.error_message.value_or("");
  }
  Controller controller_{{.self = BrokerId{1}}};
  bool validate_only_ = false;
};

TEST_F(Features, ALevelIsRaisedAndLowered) {
  EXPECT_EQ(update("thalweg.version", 1).error_code, ErrorCode::kNone);
  EXPECT_EQ(controller_.image().feature("thalweg.version"), 1);
  EXPECT_THAT(why(update("thalweg.version", 0)), HasSubstr("Can't downgrade the version of this feature"));
  EXPECT_THAT(why(update("thalweg.version", 1, 9)),
              HasSubstr("The controller does not support the given upgrade type."));
  EXPECT_EQ(update("thalweg.version", 0, kSafe).error_code, ErrorCode::kNone);
  EXPECT_EQ(controller_.image().feature("thalweg.version"), 0);
  EXPECT_THAT(why(update("thalweg.version", 1, kSafe)), HasSubstr("Can't downgrade to a newer version."));
}

TEST_F(Features, WhoDoesNotSpeakTheLevelIsNamed) {
  EXPECT_EQ(why(update("thalweg.version", 7)),
            "The update failed for all features since the following feature had an error: Invalid update version 7 for "
            "feature thalweg.version. Local controller 1 only supports versions 0-1");
  EXPECT_THAT(why(update("nosuch", 1)), HasSubstr("Local controller 1 does not support this feature."));
  EXPECT_THAT(why(update("thalweg.version", -1)), HasSubstr("A feature version cannot be less than 0."));
  auto old = registration(4, {1, 1});
  std::erase_if(old.features, [](const auto& feature) { return feature.name == "thalweg.version"; });
  controller_.ask<protocol::BrokerRegistrationResponse>(old);
  EXPECT_THAT(why(update("thalweg.version", 1)), HasSubstr("Broker 4 does not support this feature."));
}

TEST_F(Features, AControllerThatDoesNotSpeakItIsNamedToo) {
  protocol::ControllerRegistrationRequest other;
  other.controller_id = BrokerId{2};
  controller_.ask<protocol::ControllerRegistrationResponse>(other);
  EXPECT_THAT(why(update("thalweg.version", 1)), HasSubstr("Controller 2 does not support this feature."));
}

TEST_F(Features, ABrokerThatDoesNotSpeakAFinalizedLevelCannotRegister) {
  ASSERT_EQ(update("thalweg.version", 1).error_code, ErrorCode::kNone);
  auto old = registration(4, {1, 1});
  std::erase_if(old.features, [](const auto& feature) { return feature.name == "thalweg.version"; });
  EXPECT_EQ(controller_.ask<protocol::BrokerRegistrationResponse>(old).error_code, ErrorCode::kUnsupportedVersion);
}

TEST_F(Features, ANodeCanStandForOneOfAnOlderRelease) {
  const config::FeatureLevels before{{"metadata.version", 29}, {"thalweg.version", 0}};
  Controller old{{.self = BrokerId{1}, .feature_levels_max = before}};
  EXPECT_EQ(old.image().feature("metadata.version"), 29) << "what it founds";
  EXPECT_EQ(old.image().feature("thalweg.version"), 0);
  protocol::UpdateFeaturesRequest request;
  request.feature_updates.push_back({.feature = "metadata.version", .max_version_level = 30, .upgrade_type = kUpgrade});
  EXPECT_THAT(why(old.ask<protocol::UpdateFeaturesResponse>(request, 2)),
              HasSubstr("Local controller 1 only supports versions 7-29"));
  EXPECT_TRUE(check_levels_max(before));
  EXPECT_THAT(check_levels_max({{"metadata.versoin", 29}}).error().message,
              HasSubstr("metadata.versoin is no feature"));
  EXPECT_THAT(check_levels_max({{"metadata.version", 6}}).error().message, HasSubstr("begins with level 7"));
}

TEST_F(Features, WhoIsTooOldOrTooNewForWhatIsFinalizedIsToldSo) {
  const auto old = supported_features({{"metadata.version", 29}});
  EXPECT_TRUE(check_finalized({{"metadata.version", 29}, {"thalweg.version", 1}}, old));
  EXPECT_TRUE(check_finalized({{"of.another.release", 0}}, old)) << "not in force";
  const auto refused = check_finalized({{"metadata.version", 30}}, old);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupportedVersion);
  EXPECT_EQ(refused.error().message,
            "the cluster has metadata.version at level 30, and this node speaks 7 to 29: it is of an older release. "
            "Start the release that the other nodes run");
  EXPECT_THAT(check_finalized({{"metadata.version", 6}}, old).error().message, HasSubstr("a later release"));
  EXPECT_THAT(check_finalized({{"of.another.release", 2}}, old).error().message, HasSubstr("speaks 0 to 0"));
}

TEST_F(Features, MetadataIsNotLostByADowngrade) {
  EXPECT_THAT(why(update("metadata.version", 29, kSafe)),
              HasSubstr("Unsupported metadata.version downgrade from 30 to 29. Refusing to perform"));
  EXPECT_THAT(why(update("metadata.version", 29, kUnsafe)),
              HasSubstr("Unsafe metadata downgrade is not supported in this version."));
  EXPECT_THAT(why(update("metadata.version", 6, kSafe)), HasSubstr("only supports versions 7-30"));
}

TEST_F(Features, EligibleReplicasEndOnlyWhileEverybodyHasSomebodyInSync) {
  controller_.start_broker(1);
  controller_.create("orders");
  controller_.heartbeat(1, true);
  EXPECT_THAT(why(update("eligible.leader.replicas.version", 0, kSafe)),
              HasSubstr("1 partition(s) have nobody in sync"));
  controller_.heartbeat(1);
  EXPECT_EQ(update("eligible.leader.replicas.version", 0, kSafe).error_code, ErrorCode::kNone);
  controller_.heartbeat(1, true);
  EXPECT_EQ(controller_.partition("orders", 0).isr, testing::ids({1})) << "the last in sync stays, as before KIP-966";
  EXPECT_EQ(update("eligible.leader.replicas.version", 1).error_code, ErrorCode::kNone);
}

TEST_F(Features, TransactionsMayGoBackToWhatOlderClientsDoAndForwardAgain) {
  EXPECT_THAT(why(update("transaction.version", 3)), HasSubstr("Local controller 1 only supports versions 0-2"));
  EXPECT_EQ(update("transaction.version", 1, kSafe).error_code, ErrorCode::kNone);
  EXPECT_EQ(controller_.image().transaction_version(), 1);
  EXPECT_EQ(update("transaction.version", 0, kSafe).error_code, ErrorCode::kNone);
  EXPECT_EQ(controller_.image().transaction_version(), 0);
  EXPECT_EQ(update("transaction.version", 2).error_code, ErrorCode::kNone);
  EXPECT_EQ(controller_.image().transaction_version(), 2);
}

TEST_F(Features, NothingIsChangedWhenAskedToValidateOrWhenOneOfThemIsRefused) {
  validate_only_ = true;
  EXPECT_EQ(update("thalweg.version", 1).error_code, ErrorCode::kNone);
  EXPECT_EQ(controller_.image().feature("thalweg.version"), 0);
  protocol::UpdateFeaturesRequest request;
  request.feature_updates.push_back({.feature = "thalweg.version", .max_version_level = 1});
  request.feature_updates.push_back({.feature = "nosuch", .max_version_level = 1});
  EXPECT_THAT(why(controller_.ask<protocol::UpdateFeaturesResponse>(request)), HasSubstr("nosuch"));
  EXPECT_EQ(controller_.image().feature("thalweg.version"), 0);
}

TEST_F(Features, OlderVersionsHearOfEachFeature) {
  const auto reply = update("thalweg.version", 1, kUpgrade, 1);
  ASSERT_EQ(reply.results.size(), 1u);
  EXPECT_EQ(reply.results.front().feature, "thalweg.version");
  EXPECT_TRUE(update("thalweg.version", 1, kUpgrade, 2).results.empty());
}

}  // namespace
}  // namespace thalweg::controller
