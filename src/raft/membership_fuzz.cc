// Bytes of a member table, of a change's context and of a base: never a crash, and what is read is written as it was.
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "raft/quorum_record.h"

using namespace thalweg;
using namespace thalweg::raft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const BytesView bytes(reinterpret_cast<const std::byte*>(data), size);
  BytesView rest = bytes;
  if (const auto table = take_members(rest)) {
    std::vector<std::byte> written;
    put_members(written, *table);
    BytesView view(written);
    CHECK(take_members(view) == *table && view.empty());
    for (const auto& [id, member] : table->members()) {
      CHECK(table->find(id)->node == broker_of(id));
      CHECK(!table->find(table->next_id(member.node)));
    }
  }
  if (const auto members = decode_members(bytes)) CHECK(decode_members(encode_members(*members)) == *members);
  rest = bytes;
  if (const auto base = take_base(rest)) {
    std::vector<std::byte> written;
    put_base(written, *base);
    BytesView view(written);
    CHECK(take_base(view) == *base && view.empty());
  }
  return 0;
}
