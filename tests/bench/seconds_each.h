// How long a piece of work takes, for benchmarks of one function.
#pragma once

#include <ctime>

namespace thalweg {

// Done again and again for `at_least` seconds. Of processor time, so that neighbours do not count.
template <class Work>
double seconds_each(double at_least, Work work) {
  const std::clock_t start = std::clock();
  int times = 0;
  double passed = 0;
  while (passed < at_least) {
    work();
    ++times;
    passed = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  }
  return passed / times;
}

}  // namespace thalweg
