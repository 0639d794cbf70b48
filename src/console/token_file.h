// The token that people sign in with: made at the first start, and kept, so that a bookmark with it works after a
// restart. Only this process's user may read the file.
#pragma once

#include <string>

#include "base/result.h"
#include "runtime/shard.h"

namespace thalweg::console {

inline constexpr const char* kTokenFile = "console.token";

// 32 hexadecimal digits of `directory`/console.token; made if there is no file. kKafkaStorageError, also for a file
// that holds anything else: what people were told would change without a word.
Task<Result<std::string>> load_or_make_token(const Shard& shard, std::string directory);

}  // namespace thalweg::console
