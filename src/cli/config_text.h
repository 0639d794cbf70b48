// Settings as text, the way kafka-configs reads and writes them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "admin/configs.h"

namespace thalweg::cli {

// "k=v sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:k=v, DEFAULT_CONFIG:log.k=v}"
std::string config_line(const admin::ConfigEntry& entry);
// "k=v,k2=[a,b]" -> {k, v}, {k2, "a,b"}. A name alone has an empty value, or is an error when values are wanted.
Result<std::vector<std::pair<std::string, std::string>>> parse_config_list(const std::string& text, bool with_values);

}  // namespace thalweg::cli
