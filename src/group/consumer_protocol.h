// What consumers write into the opaque metadata of a join when the protocol type is "consumer". The coordinator passes
// the bytes through untouched; it looks inside only to know which topics a group still reads.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace thalweg::group {

inline constexpr std::string_view kConsumerProtocolType = "consumer";

// The topics of a Subscription of any version, also one newer than we know; nothing when the bytes are not a
// Subscription.
std::optional<std::set<std::string>> subscribed_topics(const SharedBytes& metadata);

}  // namespace thalweg::group
