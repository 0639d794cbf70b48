// A note that a disk may have changed: what is read means what it says.
#include "broker/quorum_note.h"

using namespace thalweg;
using namespace thalweg::broker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto note = parse_quorum_note(text)) CHECK(parse_quorum_note(to_text(*note)) == *note);
  return 0;
}
