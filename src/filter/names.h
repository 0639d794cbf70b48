// The names that an expression may use.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filter/program.h"

namespace thalweg::filter {

std::optional<Variable> variable_of(std::string_view name);
// Behind "record.", as Kafbat's filters call them.
std::optional<Variable> record_member_of(std::string_view name);
std::optional<Function> function_of(std::string_view name);
std::string_view name(Function function);
Type type_of(Variable variable);

// What takes a list and a name: exists, all, filter.
bool is_macro(Function function);
// Of how many values, with the one in front of the dot.
std::size_t arity(Function function);

// The known name that is near, or empty.
std::string nearest_variable(std::string_view name);
std::string nearest_record_member(std::string_view name);
std::string nearest_function(std::string_view name);

}  // namespace thalweg::filter
