// Schemas that were read, kept while there is room: replay reads none, and what is asked for often is read once.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>
#include <tuple>

#include "registry/content.h"

namespace thalweg::registry {

class ParsedCache {
 public:
  explicit ParsedCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // What is read depends on the context too, since references are looked up there.
  using Key = std::tuple<std::string, schema::Type, Digest>;

  // Null when it is not there.
  schema::ParsedSchemaPtr find(const Key& key) {
    const auto at = index_.find(key);
    if (at == index_.end()) return nullptr;
    used_.splice(used_.begin(), used_, at->second);
    return used_.front().schema;
  }
  // The one used least recently goes first; one larger than all the room is not kept.
  void put(const Key& key, schema::ParsedSchemaPtr schema) {
    const std::size_t bytes = schema->memory_bytes();
    if (bytes > bytes_max_ || index_.contains(key)) return;
    used_.push_front({key, std::move(schema), bytes});
    index_[key] = used_.begin();
    bytes_ += bytes;
    while (bytes_ > bytes_max_) {
      bytes_ -= used_.back().bytes;
      index_.erase(used_.back().key);
      used_.pop_back();
    }
  }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    Key key;
    schema::ParsedSchemaPtr schema;
    std::size_t bytes;
  };
  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::list<Entry> used_;  // most recent first
  std::map<Key, std::list<Entry>::iterator> index_;
};

}  // namespace thalweg::registry
