#include "broker/authorization.h"

#include <gtest/gtest.h>

#include "broker/context.h"

namespace thalweg::broker {
namespace {

// What Apache Kafka 4.3.1 answers where no authorizer is configured.
TEST(Authorization, WithoutAclsEverythingThatExistsIsAllowed) {
  const ClientInfo anybody;
  EXPECT_EQ(authorized_operations(anybody, topic_resource("orders")), 0b1101'1111'1000);
  EXPECT_EQ(authorized_operations(anybody, kCluster), 0b1'1111'1010'0000);
  EXPECT_EQ(authorized_operations(anybody, group_resource("g")), 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11);
}

}  // namespace
}  // namespace thalweg::broker
