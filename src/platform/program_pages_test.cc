#include "platform/program_pages.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

namespace thalweg::platform {
namespace {

// KiB of code that are mapped and in memory, of the program and its libraries.
std::int64_t resident_code() {
  std::ifstream in("/proc/self/smaps");
  std::int64_t sum = 0;
  bool code = false;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string first, second;
    words >> first >> second;
    if (!first.ends_with(":"))
      code = second == "r-xp";
    else if (code && first == "Rss:")
      sum += std::stoll(second);
  }
  return sum;
}

TEST(ProgramPages, WhatOnlyTheStartNeededIsNoLongerResidentAndWhatIsWantedComesBack) {
  const auto before = resident_code();
  give_back_program_pages();
  const auto after = resident_code();
  EXPECT_GT(before, 1000);
  // Not nothing: this very function, the reading of the file, and the 64 KiB around each piece of code they touch.
  EXPECT_LT(after, before * 3 / 4) << "of " << before << " KiB";
  EXPECT_EQ(std::lround(std::sqrt(std::stod("16"))), 4);
}

}  // namespace
}  // namespace thalweg::platform
