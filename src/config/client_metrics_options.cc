#include "config/option_tables.h"

namespace thalweg::config {
namespace {

constexpr Option kClientMetricsOptions[] = {
    {"interval.ms", Type::kInt, "300000", {}, Update::kClusterWide, "How often clients push their metrics."},
    {"match",
     Type::kList,
     "",
     {},
     Update::kClusterWide,
     "Which clients a subscription is for: selector=regular expression pairs; empty matches all."},
    {"metrics", Type::kList, "", {}, Update::kClusterWide, "Prefixes of the metric names asked for; * asks for all."},
};

}  // namespace

std::span<const Option> client_metrics_option_rows() { return kClientMetricsOptions; }

}  // namespace thalweg::config
