// Orders as JSON, as services write them: what searches are measured with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace thalweg {

// Of about so many bytes; one in a thousand has failed.
inline std::string order_text(std::uint64_t number, std::size_t size) {
  const auto digits = [&](std::uint64_t of) { return std::to_string(number * 6364136223846793005ULL % of); };
  std::string value = R"({"order_id":"ord-)" + digits(99'999'989) + R"(","user":{"id":)" + digits(999'983) +
                      R"(,"email":"u)" + digits(99'991) + R"(@example.com"},"status":")" +
                      (number % 1000 == 0 ? "FAILED" : "PAID") + R"(","amount":)" + digits(9973) + R"(.50,"items":[)";
  while (value.size() < size)
    value += R"({"sku":"SKU-)" + digits(9967) + R"(","qty":)" + digits(7) + R"(,"price":19.99},)";
  if (value.back() == ',') value.pop_back();
  return value + R"(],"last":)" + digits(97) + "}";
}

}  // namespace thalweg
