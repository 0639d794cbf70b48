// Keys and values that name a schema, as JSON: for a filter that looks into them, and for who sees what was found.
//
// Owner: one scan. The schemas are values that several threads read.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "decode/decode.h"
#include "filter/input.h"
#include "search/match.h"

namespace thalweg::search {

// By id, also those of which it is known that there is none.
using Schemas = std::map<std::int32_t, decode::SchemaOf>;

class SideReader {
 public:
  explicit SideReader(std::shared_ptr<const Schemas> schemas) : schemas_(std::move(schemas)) {}
  SideReader(const SideReader&) = delete;

  // Whole, up to kReadMax.
  filter::SchemaReading whole(std::string_view side);
  // The first bytes; nothing: it names no schema that there is.
  std::optional<ReadSide> beginning(std::string_view side, std::size_t most);
  // The first schema that was needed and is not known.
  std::optional<std::int32_t> wanted() const { return wanted_; }

 private:
  const decode::SchemaOf* schema_of(std::string_view side);

  const std::shared_ptr<const Schemas> schemas_;
  const decode::SchemaOf too_many_{
      .id = 0, .schema = {}, .problem = "the search has asked for as many schemas as one may"};
  std::optional<std::int32_t> wanted_;
};

}  // namespace thalweg::search
