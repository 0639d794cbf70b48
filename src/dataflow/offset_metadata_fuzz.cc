// Any text as what was committed beside an offset: it is read or says nothing, and what was read is written and read
// again as it was. Of what it keeps there is not more than there was text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/base64.h"
#include "dataflow/offset_metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg::streams::detail;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const std::string& text : {std::string(bytes), thalweg::base64(bytes)}) {
    const OffsetMetadata metadata = decode_offset_metadata(text);
    std::size_t kept = 0;
    for (const auto& [name, value] : metadata.kept) kept += name.size() + 12;
    if (kept > text.size() || decode_offset_metadata(encode(metadata)) != metadata) std::abort();
  }
  return 0;
}
