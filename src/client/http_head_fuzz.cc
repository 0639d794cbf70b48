// Whatever a stranger sends is a request, a refusal, or not enough yet; and never more than the bound is waited for.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "client/http_head.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto head = thalweg::client::read_head({reinterpret_cast<const char*>(data), size});
  if (!head && size > thalweg::client::kHeadMost) std::abort();
  if (head && !head->problem && (head->path.empty() || head->path.front() != '/')) std::abort();
  return 0;
}
