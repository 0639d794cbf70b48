#include "controller/update_features.h"

#include <gtest/gtest.h>

#include "controller/testing.h"

namespace thalweg::controller {
namespace {

using protocol::UpdateFeaturesRequest;
using protocol::UpdateFeaturesResponse;

constexpr std::int8_t kRaise = 1, kSafeDowngrade = 2, kUnsafeDowngrade = 3;
const std::string kFailed = "The update failed for all features since the following feature had an error: ";

UpdateFeaturesRequest update(const std::string& feature, std::int16_t level, std::int8_t kind = kRaise) {
  UpdateFeaturesRequest request;
  auto& one = request.feature_updates.emplace_back();
  one.feature = feature;
  one.max_version_level = level;
  one.upgrade_type = kind;
  return request;
}

std::string message(testing::Controller& controller, const UpdateFeaturesRequest& request) {
  const auto reply = controller.ask<UpdateFeaturesResponse>(request);
  EXPECT_EQ(reply.error_code, ErrorCode::kInvalidUpdateVersion);
  EXPECT_TRUE(reply.results.empty());
  return reply.error_message.value_or("");
}

// A cluster that was founded by an older release: below what this one finalizes.
void found_low(testing::Controller& controller) {
  protocol::FeatureLevelRecord record;
  record.name = "metadata.version";
  record.feature_level = 20;
  controller.append(record);
  record.name = "eligible.leader.replicas.version";
  record.feature_level = 0;
  controller.append(record);
}

TEST(UpdateFeatures, RaisesALevelThatEverybodySpeaks) {
  testing::Controller controller;
  found_low(controller);
  controller.start_broker(1);
  const auto reply = controller.ask<UpdateFeaturesResponse>(update("metadata.version", 25), std::int16_t{1});
  EXPECT_EQ(reply.error_code, ErrorCode::kNone);
  ASSERT_EQ(reply.results.size(), 1u);
  EXPECT_EQ(reply.results[0].feature, "metadata.version");
  EXPECT_EQ(controller.image().feature("metadata.version"), 25);
}

TEST(UpdateFeatures, WhatOnlyIsToBeValidatedIsNot) {
  testing::Controller controller;
  found_low(controller);
  auto request = update("metadata.version", 25);
  request.validate_only = true;
  EXPECT_EQ(controller.ask<UpdateFeaturesResponse>(request).error_code, ErrorCode::kNone);
  EXPECT_EQ(controller.image().feature("metadata.version"), 20);
}

TEST(UpdateFeatures, RefusesWhatSomebodyDoesNotSpeak) {
  testing::Controller controller({.self = BrokerId{1}});
  EXPECT_EQ(message(controller, update("nosuch.version", 1)),
            kFailed +
                "Invalid update version 1 for feature nosuch.version. Local controller 1 does not support this "
                "feature.");
  EXPECT_EQ(message(controller, update("metadata.version", 31)),
            kFailed +
                "Invalid update version 31 for feature metadata.version. Local controller 1 only supports "
                "versions 7-30");
  EXPECT_EQ(message(controller, update("metadata.version", -1)),
            kFailed +
                "Invalid update version -1 for feature metadata.version. A feature version cannot be less than "
                "0.");
}

TEST(UpdateFeatures, ABrokerOfAnOlderReleaseHoldsTheLevelDown) {
  testing::Controller controller;
  found_low(controller);
  protocol::RegisterBrokerRecord old;
  old.broker_id = BrokerId{4};
  old.features.push_back({"metadata.version", 7, 22});
  controller.append(old);
  EXPECT_EQ(message(controller, update("metadata.version", 23)),
            kFailed + "Invalid update version 23 for feature metadata.version. Broker 4 only supports versions 7-22");
  EXPECT_EQ(message(controller, update("eligible.leader.replicas.version", 1)),
            kFailed +
                "Invalid update version 1 for feature eligible.leader.replicas.version. Broker 4 does not "
                "support this feature.");
  EXPECT_EQ(controller.ask<UpdateFeaturesResponse>(update("metadata.version", 22)).error_code, ErrorCode::kNone);
}

TEST(UpdateFeatures, ADowngradeIsAskedForAsOneAndRefusedWhereItCouldLoseSomething) {
  testing::Controller controller;
  EXPECT_NE(message(controller, update("metadata.version", 29)).find("without setting the upgrade type"),
            std::string::npos);
  EXPECT_EQ(message(controller, update("metadata.version", 29, kSafeDowngrade)),
            kFailed +
                "Unsupported metadata.version downgrade from 30 to 29. Refusing to perform the requested downgrade "
                "because it might "
                "delete metadata information.");
  EXPECT_EQ(message(controller, update("metadata.version", 29, kUnsafeDowngrade)),
            kFailed +
                "Unsupported metadata.version downgrade from 30 to 29. Unsafe metadata downgrade is not supported in "
                "this version.");
  found_low(controller);
  EXPECT_NE(
      message(controller, update("metadata.version", 25, kSafeDowngrade)).find("Can't downgrade to a newer version."),
      std::string::npos);
  EXPECT_NE(message(controller, update("metadata.version", 25, 9)).find("upgrade type"), std::string::npos);
}

TEST(UpdateFeatures, TheFirstRefusalRefusesAll) {
  testing::Controller controller;
  found_low(controller);
  auto request = update("metadata.version", 25);
  request.feature_updates.push_back(update("nosuch.version", 1).feature_updates[0]);
  message(controller, request);
  EXPECT_EQ(controller.image().feature("metadata.version"), 20);
}

TEST(UpdateFeatures, EligibleReplicasComeWithWhatTheyAreCountedBy) {
  testing::Controller controller({.static_configs = {{"min.insync.replicas", "2"}}});
  found_low(controller);
  protocol::ConfigRecord none;
  none.resource_type = static_cast<std::int8_t>(metadata::ResourceType::kBroker);
  none.name = "min.insync.replicas";
  none.value.reset();
  controller.append(none);
  ASSERT_EQ(controller.ask<UpdateFeaturesResponse>(update("eligible.leader.replicas.version", 1)).error_code,
            ErrorCode::kNone);
  EXPECT_EQ(controller.image().configs({metadata::ResourceType::kBroker, ""}).at("min.insync.replicas"), "2");
}

}  // namespace
}  // namespace thalweg::controller
