// The first line is a .proto text with ';' for ends of lines, the rest a message's place in it: neither may crash or
// over-read, and what was read is what is written.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "thalweg/client/protobuf.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg::client;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = input.find('\n');
  std::string_view rest = line == std::string_view::npos ? input : input.substr(line + 1);
  const auto indexes = detail::read_proto_indexes(rest);
  if (!indexes) return 0;
  (void)detail::proto_message_at(input.substr(0, line), *indexes);
  std::string written;
  detail::write_proto_indexes(*indexes, written);
  std::string_view again = written;
  if (detail::read_proto_indexes(again).value() != *indexes || !again.empty()) std::abort();
  return 0;
}
