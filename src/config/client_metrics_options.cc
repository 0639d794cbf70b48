#include "config/option_tables.h"

namespace thalweg::config {
namespace {

using enum Type;
using enum Update;

// clang-format off: a line of facts and a line of words for each option
constexpr Option kClientMetricsOptions[] = {
    {"interval.ms", kInt, "300000", {}, kClusterWide,
     "How often clients push their metrics."},
    {"match", kList, "", {}, kClusterWide,
     "Which clients a subscription is for: selector=regular expression pairs; empty matches all."},
    {"metrics", kList, "", {}, kClusterWide,
     "Prefixes of the metric names asked for; * asks for all."},
};
// clang-format on

}  // namespace

std::span<const Option> client_metrics_option_rows() { return kClientMetricsOptions; }

}  // namespace thalweg::config
