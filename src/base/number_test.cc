#include "base/number.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace thalweg {
namespace {

TEST(Number, TheWholeTextIsTheNumber) {
  EXPECT_EQ(parse_number<std::int32_t>("-2147483648"), INT32_MIN);
  EXPECT_EQ(parse_number<std::int64_t>("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(parse_number<std::int32_t>("007"), 7);
  for (const auto* text : {"", " 1", "1 ", "+1", "1x", "0x1", "1.0", "--1", "2147483648"})
    EXPECT_EQ(parse_number<std::int32_t>(text), std::nullopt) << text;
  EXPECT_EQ(parse_number<std::uint16_t>("65536"), std::nullopt);
  EXPECT_EQ(parse_number<std::uint16_t>("-1"), std::nullopt);
}

TEST(Number, ReadsFractions) {
  EXPECT_EQ(parse_number<double>("0.25"), 0.25);
  EXPECT_EQ(parse_number<double>("1e3"), 1000);
  for (const auto* text : {"", "nan", "inf", "-inf", "1e999", "0.5 ", ".", "x"})
    EXPECT_EQ(parse_number<double>(text), std::nullopt) << text;
}

}  // namespace
}  // namespace thalweg
