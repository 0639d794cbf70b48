// What options come to when one of their layers changes. Pure.
#pragma once

#include <optional>
#include <string>

#include "console/api_types.h"

namespace thalweg::console {

// The option with `value` said by `own`, or with nothing said by it any more; null: there is no such option here yet.
// Of several names for one thing (log.retention.ms and .hours) the layers list each; only `name` is touched.
OptionChange option_change(const ConfigOption* option, const std::string& name, ConfigLayer own,
                           const std::optional<std::string>& value);

// Whether what holds is known to stay as it is, and who says it, too; of secrets nobody knows.
bool changes_nothing(const OptionChange& change);

}  // namespace thalweg::console
