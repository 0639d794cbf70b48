// clang-format off: what includes what first is of no matter here.
// For tests of everything else.
#include "asio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
