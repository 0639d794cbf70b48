// Whatever lies in __transaction_state: decoding neither crashes nor reads outside, what was decoded is the same again
// after a round trip, and a machine that has applied it can be asked about it.
#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "base/log.h"
#include "transaction/transaction_machine.h"

using namespace thalweg;
using namespace thalweg::transaction;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  log::set_level(log::Level::kNone);
  const BytesView bytes = std::as_bytes(std::span(data, size));
  const std::size_t key_size = std::min<std::size_t>(data[0], size - 1);
  const auto key = SharedBytes::copy_of(bytes.subspan(1, key_size));
  const auto value = SharedBytes::copy_of(bytes.subspan(1 + key_size));

  const auto record = decode(key, value.empty() ? std::nullopt : std::optional(value));
  if (!record || !*record) return 0;
  const auto encoded = encode(**record);
  CHECK(encoded);
  const auto again = decode(encoded->key, encoded->value);
  CHECK(again && *again);

  TransactionMachine machine({}, [] { return kEpochBumpFrom; });
  machine.apply(**record);
  machine.on_loaded(Instant(0), 0);
  const auto& id = (**record).transactional_id;
  machine.on(DescribeTransaction{id}, {}, RequestId{1}, Instant(0), 0);
  machine.on(TakeWork{.all = true}, {}, RequestId{2}, Instant(0), 0);
  const RequestContext with{.new_producer_id = ProducerId{1}};
  if (const auto& metadata = (**record).value) {
    machine.on(InitProducer{id, 1000, metadata->producer_id, metadata->producer_epoch}, with, RequestId{3}, Instant(0),
               0);
    machine.on(EndTransaction{id, metadata->producer_id, metadata->producer_epoch, true, kEpochBumpFrom}, with,
               RequestId{4}, Instant(0), 0);
    machine.on(MarkersWritten{id, metadata->last_update}, {}, RequestId{5}, Instant(0), 0);
  }
  machine.on(InitProducer{id, 1000}, with, RequestId{6}, Instant(0), 0);
  machine.on_timer({}, Instant(0), 1LL << 50);
  machine.on_timer({TimerKey::Kind::kExpire, {}}, Instant(0), 1LL << 50);
  return 0;
}
