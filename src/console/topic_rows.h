// Topics as the API shows them: rows of the table, with what their logs say.
#pragma once

#include <string>
#include <vector>

#include "console/call.h"

namespace thalweg::console {

// 404 with the nearest name.
Outcome<metadata::TopicPtr> find_topic(const Call& call, const std::string& name);

// In the order of the rows, which outlive the call.
Task<std::vector<Topic>> with_figures(const Call& call, std::vector<const TopicRow*> rows);

}  // namespace thalweg::console
