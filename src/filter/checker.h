// What cannot hold is said before the first record: types that do not fit, patterns that are none, a whole that is no
// condition. What is the same for every record is worked out here, once.
#pragma once

#include "filter/mistake.h"
#include "filter/program.h"

namespace thalweg::filter {

// Completes the program of a condition: types, patterns, constants.
Checked<Program> check(Program program);
// The same of one that may come to anything.
Checked<Program> check_value(Program program);

}  // namespace thalweg::filter
