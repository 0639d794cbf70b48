// A hash map that grows and goes in small pieces. One table of 40,000 nodes moves all of them when it grows and frees
// all of them when it dies, some milliseconds each; here both happen to a 256th of it at a time.
#pragma once

#include <cstddef>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/yielding.h"

namespace thalweg::monitoring {

template <class Key, class Value, class Hash>
class SlicedMap {
 public:
  // Null when it is not there.
  const Value* find(const Key& key) const {
    const auto& part = parts_[part_of(key)];
    const auto at = part.find(key);
    return at == part.end() ? nullptr : &at->second;
  }
  // The value that is there now, and whether it was put there by this call.
  std::pair<Value*, bool> try_emplace(const Key& key, const Value& value) {
    const auto [at, made] = parts_[part_of(key)].try_emplace(key, value);
    return {&at->second, made};
  }
  // Empties it, in slices. One that dies otherwise is emptied in one go.
  Task<> clear() {
    Pace pace(kFreedAtOnce);
    for (auto& part : parts_) {
      const std::size_t size = part.size();
      part = {};
      if (pace.due(size)) co_await give_way();
    }
  }

 private:
  static constexpr int kPartBits = 8;
  static constexpr std::size_t kFreedAtOnce = 2000;

  // By the topmost bits of another product than the table's own, which looks at the lowest.
  static std::size_t part_of(const Key& key) {
    return (Hash()(key) * std::size_t(0x9e3779b97f4a7c15)) >> (sizeof(std::size_t) * 8 - kPartBits);
  }

  std::vector<std::unordered_map<Key, Value, Hash>> parts_ =
      std::vector<std::unordered_map<Key, Value, Hash>>(std::size_t(1) << kPartBits);
};

}  // namespace thalweg::monitoring
