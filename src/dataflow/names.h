// How Kafka Streams names what nobody named. (InternalStreamsBuilder, NamedInternal, KStreamImpl)
#pragma once

#include <string>
#include <string_view>

#include "thalweg/streams/detail/logical_graph.h"

namespace thalweg::streams::detail {

// "KSTREAM-FILTER-" and 1: "KSTREAM-FILTER-0000000001"
std::string generated_name(std::string_view prefix, int number);

// Letters, digits, '.', '_', '-'; 1 to 249 of them; not "." or "..". (Topic.validate)
bool is_valid_name(std::string_view name);

// Of the three nodes that were numbered anyway, or after the topic where somebody named it.
RepartitionNames repartition_names_of(const std::string& prefix, int first_number);

}  // namespace thalweg::streams::detail
