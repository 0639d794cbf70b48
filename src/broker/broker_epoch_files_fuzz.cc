// Notes of epochs come from disks: whatever is in them is read, or refused, and what is read reads again.
#include "broker/broker_epoch_files.h"

using namespace thalweg;
using namespace thalweg::broker;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto note = parse_epoch_note(text)) CHECK(parse_epoch_note(to_text(*note)) == *note);
  (void)parse_clean_stop(text);
  return 0;
}
