// Filters that use all there is, over any bytes as key, value and header: they answer, twice the same, and read nothing
// beyond the record.
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "filter/filter.h"

using namespace thalweg;
using namespace thalweg::filter;

namespace {

constexpr std::string_view kExpressions[] = {
    "value.a.b == 1 || value.a[0] > value.c || has(value.d)",
    "value.items.exists(i, i.qty > 1 && i.all(k, k != \"x\")) || size(value.items.filter(i, i == null)) > 2",
    "value == \"x\" || value == 1 || value == true || value == null || value == key || value < 5 || value < \"m\"",
    "value.contains(\"ab\") || value.matches(\"a+b\") || lower(value).endsWith(\"z\") || hex(key) == \"00\"",
    "int(value) + 1 > 2 || double(value) < 1.5 || string(value) == \"q\" || type(value) == \"list\"",
    "timestamp(value) > now || duration(value.d) > now - timestamp || base64(value) == \"\"",
    "headers[\"h\"].x == 1 || \"h\" in headers || size(headers) == 1 || \"a\" in value || 3 in value",
    "value.a + value.b == value.c * 2 || value.a / value.b > 1 || value.a % value.b == 0 || -value.a == 1",
    "some words",
};

// The same question, asked of elements in two ways: what is found at once, and node by node.
constexpr std::pair<std::string_view, std::string_view> kPairs[] = {
    {"value.exists(i, i.a > 1)", R"(value.exists(i, i["a"] > 1))"},
    {R"(value.all(i, i.a != "x"))", R"(value.all(i, i["a"] != "x"))"},
    {"size(value.filter(i, i.a == 1.5)) > 1", R"(size(value.filter(i, i["a"] == 1.5)) > 1)"},
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Filter> filters = [] {
    std::vector<Filter> all;
    for (const auto text : kExpressions) all.push_back(Filter::compile(text, 1'769'860'800'000).value());
    return all;
  }();
  // In a block of its own, so that whoever reads beyond it is caught.
  const std::unique_ptr<char[]> bytes(new char[size]);
  std::copy(data, data + size, bytes.get());
  const std::string_view side(bytes.get(), size);
  const std::vector<record::HeaderView> headers{{"h", as_bytes(side)}};
  const Input input{.partition = {1},
                    .offset = {7},
                    .timestamp = 5,
                    .key = side,
                    .value = side,
                    .headers = std::span<const record::HeaderView>(headers)};
  for (const auto& filter : filters) {
    FilterRun run(filter);
    const auto verdict = run.test(input);
    CHECK(run.test(input) == verdict);
  }
  static const std::vector<std::pair<Filter, Filter>> pairs = [] {
    std::vector<std::pair<Filter, Filter>> all;
    for (const auto& [one, other] : kPairs)
      all.emplace_back(Filter::compile(one, 1).value(), Filter::compile(other, 1).value());
    return all;
  }();
  for (const auto& [one, other] : pairs) {
    FilterRun run(one), reference(other);
    const auto verdict = run.test(input), wanted = reference.test(input);
    // One of them takes more steps.
    CHECK(verdict == wanted || wanted == Verdict::kUnknown);
  }
  return 0;
}
