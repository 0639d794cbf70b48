#include "cli/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/utf8.h"
#include "json/writer.h"

namespace thalweg::cli {

std::string json_field(std::string_view key, const std::optional<std::string>& bytes) {
  if (!bytes) return fmt::format("\"{}\":null", key);
  if (is_utf8(*bytes)) return fmt::format("\"{}\":{}", key, json::quoted(*bytes));
  return fmt::format("\"{}\":\"{}\",\"{}_encoding\":\"base64\"", key, base64(*bytes), key);
}

}  // namespace thalweg::cli
