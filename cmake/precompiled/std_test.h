// For tests of pure modules.
#include "std.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
