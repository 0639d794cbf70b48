// Windows without their types: what a topology says of ones that cannot be, and where their keys go.
#include "base/murmur2.h"
#include "thalweg/streams/detail/nodes/sink.h"
#include "thalweg/streams/detail/windowed_plan.h"

namespace thalweg::streams::detail {
namespace {

std::string in_ms(milliseconds time) { return std::to_string(time.count()) + " ms"; }

void check_grace(LogicalGraph& graph, const std::string& node, milliseconds grace) {
  if (grace < 0ms) graph.mistake(node, "its grace is " + in_ms(grace) + "; it cannot be negative");
}
void check_retention(LogicalGraph& graph, const std::string& node, std::optional<milliseconds> given,
                     milliseconds least, std::string_view sum) {
  if (given && *given < least)
    graph.mistake(node, "its store's retention is " + in_ms(*given) + "; it must be at least " + std::string(sum) +
                            ", " + in_ms(least));
}

}  // namespace

void check_windows(LogicalGraph& graph, const std::string& node, const TimeWindows& windows,
                   std::optional<milliseconds> retention) {
  if (windows.size <= 0ms)
    graph.mistake(node, "its windows' size is " + in_ms(windows.size) + "; it must be above 0");
  else if (windows.advance <= 0ms || windows.advance > windows.size)
    graph.mistake(node, "its windows advance by " + in_ms(windows.advance) +
                            "; it must be above 0 and at most the size, " + in_ms(windows.size));
  check_grace(graph, node, windows.grace);
  check_retention(graph, node, retention, least_retention(windows), "the windows' size and grace");
}

void check_windows(LogicalGraph& graph, const std::string& node, const SlidingWindows& windows,
                   std::optional<milliseconds> retention) {
  if (windows.difference < 0ms)
    graph.mistake(node, "its windows' time difference is " + in_ms(windows.difference) + "; it cannot be negative");
  check_grace(graph, node, windows.grace);
  check_retention(graph, node, retention, least_retention(windows),
                  "twice the windows' time difference, and the grace");
}

void check_windows(LogicalGraph& graph, const std::string& node, const SessionWindows& windows,
                   std::optional<milliseconds> retention) {
  if (windows.gap <= 0ms) graph.mistake(node, "its sessions' gap is " + in_ms(windows.gap) + "; it must be above 0");
  check_grace(graph, node, windows.grace);
  check_retention(graph, node, retention, least_retention(windows), "the sessions' gap and grace");
}

std::optional<std::int32_t> windowed_partition(std::string_view serde, const std::optional<std::string>& key,
                                               std::int32_t partitions) {
  const std::size_t window = serde.starts_with(kTimeWindowed) ? 8 : serde.starts_with(kSessionWindowed) ? 16 : 0;
  if (window == 0 || !key || key->size() < window || partitions <= 0) return {};
  const BytesView inner = as_bytes(std::string_view(*key).substr(0, key->size() - window));
  return (murmur2(inner) & 0x7fffffff) % partitions;
}

std::unexpected<Error> not_windowed(std::string_view serde, std::size_t bytes) {
  return client::bad_bytes("a windowed key (" + std::string(serde) + ") has " + std::to_string(bytes) +
                           " bytes, too few for its window");
}

}  // namespace thalweg::streams::detail
