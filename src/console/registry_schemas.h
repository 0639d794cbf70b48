// Schemas by the ids that records name, as the registry of the cluster has them: whichever broker leads `_schemas`. An
// id means the same for ever, so what was found is kept, up to a size; what was not is asked again after a while.
//
// Owner: shard 0.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/time.h"
#include "decode/decode.h"
#include "json/value.h"
#include "runtime/task.h"

namespace thalweg::console {

struct Call;

struct KnownSchema {
  decode::SchemaOf found;
  std::optional<std::string> subject;  // one that has it
  std::optional<std::int32_t> version;
};
using SchemasById = std::map<std::int32_t, KnownSchema>;

class RegistrySchemas {
 public:
  static constexpr std::size_t kKeptBytes = 16u << 20;  // about what the parsed schemas take
  static constexpr std::size_t kKeptMax = 1000;         // ids
  static constexpr std::size_t kIdsAtOnce = 100;        // more are not asked for one page
  static constexpr Instant kAgainAfter = std::chrono::seconds(10);

  // Nothing where the cluster has no registry: nobody would know.
  Task<SchemasById> of(const Call& call, std::set<std::int32_t> ids);

 private:
  struct Kept {
    KnownSchema schema;
    std::size_t bytes = 0;
    Instant again{};  // of what was not found
  };
  Task<KnownSchema> ask(const Call& call, std::int32_t id);
  void keep(std::int32_t id, Kept kept);

  std::map<std::int32_t, Kept> kept_;
  std::deque<std::int32_t> oldest_first_;
  std::size_t bytes_ = 0;
};

}  // namespace thalweg::console
