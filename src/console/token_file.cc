#include "console/token_file.h"

#include <fmt/format.h>

#include <algorithm>

namespace thalweg::console {
namespace {

constexpr std::size_t kDigits = 32;

bool is_token(std::string_view text) {
  return text.size() == kDigits &&
         std::ranges::all_of(text, [](char c) { return std::string_view("0123456789abcdef").contains(c); });
}

Result<std::string> load(Disk& disk, const std::string& path) {
  TRY(const auto content, disk.read_file(path));
  std::string_view text = content.text();
  while (text.ends_with('\n') || text.ends_with('\r') || text.ends_with(' ')) text.remove_suffix(1);
  if (!is_token(text))
    return fail(ErrorCode::kKafkaStorageError,
                path + " is no token of 32 hexadecimal digits; remove it, and the next start makes another");
  return std::string(text);
}

}  // namespace

Task<Result<std::string>> load_or_make_token(const Shard& shard, std::string directory) {
  const std::string path = directory + "/" + kTokenFile;
  if (shard.disk.exists(path)) co_return load(shard.disk, path);
  const std::string token = fmt::format("{:016x}{:016x}", shard.random.next(), shard.random.next());
  CO_TRY_VOID(co_await shard.disk.replace_file(path, SharedBytes::copy_of(token + "\n"), OpenMode::kTruncateSecret));
  co_return token;
}

}  // namespace thalweg::console
