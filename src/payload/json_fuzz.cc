// Any bytes as a described type: a value or an error. What was read can be written and is read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "thalweg/client/json.h"

struct Leaf {
  std::optional<std::int16_t> number;
  std::string text;
};
THALWEG_DESCRIBE(Leaf, number, text)
struct Tree {
  std::vector<Leaf> leaves;
  std::map<std::string, bool> flags;
  double size = 0;
};
THALWEG_DESCRIBE(Tree, leaves, flags, size)

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace thalweg::client;
  const auto serde = serde_of<Tree>();
  if (const auto tree = serde.read({reinterpret_cast<const char*>(data), size}, {})) {
    std::string again;
    if (!serde.write(*tree, again, {}) || !serde.read(again, {})) std::abort();
  }
  return 0;
}
