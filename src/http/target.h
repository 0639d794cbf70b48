// What a request asks for: the path in its segments and the query, decoded. A slash that was encoded stays inside its
// segment: subjects of a registry and names of files have some. Source: RFC 3986, RFC 9112 section 3.2.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace thalweg::http {

struct Target {
  std::vector<std::string> segments;  // of "/a/b%2Fc": "a", "b/c". Of "/": none. One slash at the end counts nothing
  Query query;                        // '+' is a space there
};

// Nothing where it is no path ("*", "host:443") or an escape is none. Of an absolute "http://host/path" the path.
std::optional<Target> parse_target(std::string_view text);

// "%2F" is '/'. Nothing where two hexadecimal digits do not follow.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space = false);
// Everything but letters, digits and -._~ as %XX: one segment of a path, or a value of a query.
std::string percent_encoded(std::string_view text);

}  // namespace thalweg::http
