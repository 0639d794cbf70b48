// Subscriptions and answers of foreign-key joins come through topics: whatever is in them is read or refused, and what
// is read is written as it was.
#include "thalweg/streams/detail/foreign_key.h"

using namespace thalweg::streams;
using namespace thalweg::streams::detail;

namespace {

template <class T>
void reads_or_refuses(const Serde<T>& serde, std::string_view bytes, bool has_one_form) {
  const auto value = serde.read(bytes, {.topic = "t"});
  if (!value) return;
  std::string again;
  if (!serde.write(*value, again, {.topic = "t"})) __builtin_trap();
  if (has_one_form && again != bytes) __builtin_trap();
  if (!serde.read(again, {.topic = "t"})) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  // Subscriptions of the first version are written as the second.
  const bool is_new = !bytes.empty() && (bytes[0] & 0x7f) == 1;
  reads_or_refuses(subscription_serde(), bytes, is_new);
  reads_or_refuses(answer_serde(thalweg::client::serde_of<std::string>()), bytes, true);
  if (const auto key = primary_key_in(bytes); key && key->size() > bytes.size()) __builtin_trap();
  (void)row_hash(bytes);
  return 0;
}
