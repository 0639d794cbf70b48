// clang-format off: what includes what first is of no matter here.
// For tests of pure modules.
#include "std.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
