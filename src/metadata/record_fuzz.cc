// Random batches of metadata records: never a crash, and what is decoded encodes to a batch that says the same. Then as
// a log.
#include <cstdint>

#include "base/check.h"
#include "metadata/image_builder.h"

using namespace thalweg;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto batch = SharedBytes::copy_of(BytesView(reinterpret_cast<const std::byte*>(data), size));
  const auto records = metadata::decode_records(batch);
  if (!records) return 0;
  const auto again = metadata::decode_records(metadata::encode_records(*records));
  CHECK(again && again->size() == records->size());
  metadata::ImageBuilder builder(std::make_shared<const metadata::Image>());
  for (const auto& record : *records)
    if (!builder.apply(record)) return 0;
  const auto image = builder.build().image;
  metadata::ImageBuilder copy(std::make_shared<const metadata::Image>());
  CHECK(copy.apply(image->snapshot()));
  CHECK(copy.build().image->topics().size() == image->topics().size());
  return 0;
}
