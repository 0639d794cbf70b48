#include <cxxabi.h>
#include <malloc.h>

#include <memory>
#include <string>

#include "thalweg/streams/detail/serdes.h"

namespace thalweg::streams::detail {
namespace {

std::string where_of(const RawRecord& raw) {
  return raw.from.topic + "-" + std::to_string(raw.from.partition) + "@" + std::to_string(raw.offset);
}

}  // namespace

std::string readable(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&::free)> name(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status),
                                                      &::free);
  return status == 0 ? name.get() : type.name();
}

Error SourceBase::absent(const RawRecord& raw, bool is_key) {
  return {.code = client::kBadBytes,
          .message = where_of(raw) + ": the " + (is_key ? "key" : "value") +
                     " is null: where that may be, the stream's type is std::optional<...>"};
}

Error SourceBase::bad_timestamp(const RawRecord& raw, std::string_view why) {
  return {.code = kInvalidTimestamp,
          .message = where_of(raw) + ": " + std::string(why) +
                     ": give Consumed a timestamp function that says what time it is"};
}

Error SourceBase::of_record(const RawRecord& raw, bool is_key, Error error) {
  error.message = where_of(raw) + ": its " + (is_key ? "key" : "value") + ": " + error.message;
  return error;
}

}  // namespace thalweg::streams::detail
