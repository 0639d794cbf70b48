// Any bytes as the body of every operation that takes one: it is read or refused at a place that exists, and what is
// read goes through the pure part of its plan.
#include <cstdint>
#include <span>
#include <string>
#include <tuple>

#include "base/check.h"
#include "console/api_types.h"
#include "console/new_payload.h"
#include "console/option_plan.h"
#include "console/problem.h"
#include "console/reset_plan.h"

using namespace thalweg;
using namespace thalweg::console;

namespace {

http::Request request_with(BytesView body) {
  http::Request request{};
  request.head.headers.add("Content-Type", "application/json");
  request.parameters.assign(3, "1");
  request.body = SharedBytes::copy_of(body);
  return request;
}

void try_out(const ResetOffsets& wanted) {
  if (!check_reset(wanted)) return;
  for (const std::int64_t committed : {std::int64_t(-1), std::int64_t(0), std::int64_t(50), INT64_MAX}) {
    const ResetFrom from{.partition = {"t", PartitionId{0}},
                         .committed = committed < 0 ? std::nullopt : std::optional(Offset{committed}),
                         .start = Offset{10},
                         .end = Offset{100},
                         .at_time = Offset{20}};
    const auto to = reset_target(wanted, from);
    if (!to) continue;
    CHECK(*to >= from.start && *to <= from.end);
    ResetSums sums;
    sums.add(from, *to);
    CHECK(sums.read_again >= 0 && sums.skipped >= 0 && sums.lag_after >= 0);
  }
}

void try_out(const ChangeOptions& changes) {
  for (const auto& set : changes.set.value_or(std::vector<OptionValue>()))
    (void)changes_nothing(option_change(nullptr, set.name, ConfigLayer::kTopic, set.value));
}

void try_out(const NewRecord& record) {
  if (record.key) (void)bytes_of(*record.key, "/key");
  if (record.value) (void)bytes_of(*record.value, "/value");
  for (const auto& header : record.headers.value_or(std::vector<NewHeader>()))
    if (header.value) (void)bytes_of(*header.value, "/headers/0/value");
}

template <class Body>
void try_out(const Body&) {}  // nothing of its plan is without the cluster

template <class Operation>
void read(const http::Request& request) {
  const auto asked = Operation::read(request);
  if (asked) return try_out(asked->body);
  const auto& problem = asked.error();
  CHECK(problem.status >= 400 && problem.status < 500 && !problem.title.empty());
  std::string text;
  append_json(text, problem);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto request = request_with(std::as_bytes(std::span(data, size)));
  [&]<class... Operations>(std::type_identity<std::tuple<Operations...>>) {
    (read<Operations>(request), ...);
  }(std::type_identity<OperationsWithBody>());
  return 0;
}
