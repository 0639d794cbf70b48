// Which of several forms of an answer a client likes best: the Accept header. Source: RFC 9110 section 12.5.1.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace thalweg::http {

// The place in `offered` of the one that is liked best; among equals the first. Nothing: none of them is acceptable.
// Without a header, or with one that cannot be read, everything is liked. A range with parameters ("text/plain;
// version=0.0.4") likes only what has them.
std::optional<std::size_t> best_of(std::optional<std::string_view> accept, std::span<const std::string_view> offered);

}  // namespace thalweg::http
