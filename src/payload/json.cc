#include "thalweg/client/json.h"

namespace thalweg::client {
namespace detail {

Result<std::string> text_of(const Json& json) try { return json.dump(); } catch (const Json::exception& e) {
  return std::unexpected(Error{.code = kCannotWrite, .message = std::string("cannot be written as JSON: ") + e.what()});
}

Result<Json> parse_json(std::string_view text) {
  bool too_deep = false;
  // Called for every bracket; what is refused here is never built.
  const auto depth_is_sane = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > static_cast<int>(kJsonDepthMost)) too_deep = true;
    return !too_deep;
  };
  try {
    auto json = Json::parse(text, depth_is_sane);
    if (too_deep) return bad_bytes("JSON is nested deeper than " + std::to_string(kJsonDepthMost));
    return json;
  } catch (const Json::exception& e) {
    return bad_bytes(std::string("not JSON: ") + e.what());
  }
}

std::unexpected<Error> json_mismatch(const std::string& path, std::string_view want, const Json& found) {
  std::string message = path.empty() ? std::string("the document") : path;
  message.append(" must be ").append(want).append(", here is ");
  message += found.is_structured() || found.is_string() ? std::string(found.type_name()) : found.dump();
  return bad_bytes(std::move(message));
}

std::string json_member(const std::string& path, std::string_view name) {
  return path.empty() ? std::string(name) : path + "." + std::string(name);
}

Result<> require_object(const std::string& path, const Json& json) {
  if (!json.is_object()) return json_mismatch(path, "an object", json);
  return {};
}

std::unexpected<Error> json_missing(const std::string& path) { return bad_bytes(path + " is missing"); }

}  // namespace detail

Serde<Json> SerdeOf<Json>::make() {
  return {"JSON",
          [](const Json& value, std::string& out, const SerdeContext&) -> Result<> {
            auto text = detail::text_of(value);
            if (!text) return std::unexpected(text.error());
            out += *text;
            return {};
          },
          [](std::string_view bytes, const SerdeContext&) { return detail::parse_json(bytes); }};
}

}  // namespace thalweg::client
