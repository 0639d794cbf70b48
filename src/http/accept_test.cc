#include "http/accept.h"

#include <gtest/gtest.h>

#include <vector>

namespace thalweg::http {
namespace {

using Offered = std::vector<std::string_view>;
const Offered kFormats{"text/plain; version=0.0.4; charset=utf-8",
                       "application/openmetrics-text; version=1.0.0; charset=utf-8"};

TEST(Accept, PrometheusGetsOpenMetrics) {
  EXPECT_EQ(best_of("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                    kFormats),
            1u);
}

TEST(Accept, WhoDoesNotCareGetsTheFirst) {
  EXPECT_EQ(best_of(std::nullopt, kFormats), 0u);
  EXPECT_EQ(best_of("", kFormats), 0u);
  EXPECT_EQ(best_of("*/*", kFormats), 0u);
  EXPECT_EQ(best_of("text/html,application/xml;q=0.9,*/*;q=0.8", kFormats), 0u);
  EXPECT_EQ(best_of("TEXT/*", kFormats), 0u);
}

TEST(Accept, TheMostExactRangeDecides) {
  EXPECT_EQ(best_of("*/*, text/plain;q=0", kFormats), 1u);
  EXPECT_EQ(best_of("text/*;q=0.1, text/plain;q=0.9, application/*;q=0.5", kFormats), 0u);
}

TEST(Accept, ParametersHaveToFit) {
  EXPECT_EQ(best_of("application/openmetrics-text;version=0.0.1", kFormats), std::nullopt);
  EXPECT_EQ(best_of("application/json", kFormats), std::nullopt);
  EXPECT_EQ(best_of("text/plain;q=0", kFormats), std::nullopt);
}

TEST(Accept, NonsenseIsSurvived) {
  for (const char* text : {";", ";;;=,", "q=1", "a/b;q=", "text/plain;q=nan", ",,,,"}) best_of(text, kFormats);
}

}  // namespace
}  // namespace thalweg::http
