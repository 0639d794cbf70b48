#include "schema_registry/attempt.h"

#include <gtest/gtest.h>

namespace thalweg::schema_registry {
namespace {
using enum Attempt::Fate;

TEST(Attempt, WhatNobodyHasTakenIsAskedAgain) {
  for (const char* method : {"GET", "POST", "PUT", "DELETE"}) EXPECT_TRUE(may_be_asked_again(method, kNotBegun));
}

TEST(Attempt, WhatWasAnsweredIsNot) {
  for (const char* method : {"GET", "POST", "PUT", "DELETE"}) EXPECT_FALSE(may_be_asked_again(method, kSettled));
}

// Asked again, it would answer that there is nothing to delete.
TEST(Attempt, ADeletionThatMayHaveHappenedIsNotAskedAgain) {
  for (const char* method : {"GET", "POST", "PUT"}) EXPECT_TRUE(may_be_asked_again(method, kUnknown));
  EXPECT_FALSE(may_be_asked_again("DELETE", kUnknown));
}

}  // namespace
}  // namespace thalweg::schema_registry
