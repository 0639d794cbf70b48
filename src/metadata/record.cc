#include "metadata/record.h"

#include <fmt/format.h>

#include <limits>

#include "base/check.h"
#include "protocol/wire.h"

namespace thalweg::metadata {
namespace {

constexpr std::uint32_t kFrameVersion = 1;
constexpr std::string_view kFromNewerRelease = "is from a newer release. Start the release that the other nodes run";

void write_frame(protocol::Writer& out, const Record& record, std::int16_t metadata_version) {
  out.write_unsigned_varint(kFrameVersion);
  std::visit(
      [&]<class R>(const R& r) {
        out.write_unsigned_varint(static_cast<std::uint32_t>(R::kRecordType));
        const std::int16_t version = record_version(R::kRecordType, metadata_version);
        out.write_unsigned_varint(static_cast<std::uint32_t>(version));
        r.encode(out, version);
      },
      record);
}

template <class R>
Result<Record> read_body(protocol::Reader& in, std::uint32_t version, std::int16_t metadata_version_max) {
  if (version > static_cast<std::uint32_t>(record_version(R::kRecordType, metadata_version_max)))
    return fail(ErrorCode::kUnsupportedVersion,
                fmt::format("version {} of metadata record type {} {}", version, R::kRecordType, kFromNewerRelease));
  TRY(auto record, R::decode(in, static_cast<std::int16_t>(version)));
  return Record(std::move(record));
}

// Tries the alternatives of Record from I on.
template <std::size_t I = 0>
Result<Record> read_type(protocol::Reader& in, std::uint32_t type, std::uint32_t version,
                         std::int16_t metadata_version_max) {
  if constexpr (I == std::variant_size_v<Record>) {
    return fail(ErrorCode::kUnsupportedVersion, fmt::format("metadata record type {} {}", type, kFromNewerRelease));
  } else {
    using R = std::variant_alternative_t<I, Record>;
    if (type == static_cast<std::uint32_t>(R::kRecordType)) return read_body<R>(in, version, metadata_version_max);
    return read_type<I + 1>(in, type, version, metadata_version_max);
  }
}

std::unexpected<Error> corrupt(std::string what) {
  return fail(ErrorCode::kCorruptMessage, "metadata record: " + what);
}

}  // namespace

std::int16_t type_of(const Record& record) {
  return std::visit([]<class R>(const R&) { return R::kRecordType; }, record);
}

std::string to_string(const Record& record) {
  return std::visit([](const auto& r) { return protocol::to_string(r); }, record);
}

SharedBytes encode_record(const Record& record, std::int16_t metadata_version) {
  protocol::Writer out;
  write_frame(out, record, metadata_version);
  CHECK(out.ok());
  return out.take_bytes();
}

Result<Record> decode_record(const SharedBytes& frame, std::int16_t metadata_version_max) {
  protocol::Reader in(frame);
  const auto frame_version = in.read_unsigned_varint();
  const auto type = in.read_unsigned_varint();
  const auto version = in.read_unsigned_varint();
  if (!in.ok()) return corrupt("the frame's header is incomplete");
  if (frame_version != kFrameVersion) return corrupt(fmt::format("unknown frame version {}", frame_version));
  auto record = read_type(in, type, version, metadata_version_max);
  if (!record && record.error().code != ErrorCode::kUnsupportedVersion) return corrupt(record.error().message);
  if (record && in.remaining() != 0) return corrupt("bytes after the record");
  return record;
}

SharedBytes encode_records(const std::vector<Record>& records, std::int16_t metadata_version) {
  protocol::Writer out;
  for (const auto& record : records) {
    const auto frame = encode_record(record, metadata_version);
    CHECK(frame.size() <= std::numeric_limits<std::uint32_t>::max());
    out.write_unsigned_varint(static_cast<std::uint32_t>(frame.size()));
    out.append(BytesView(frame));
  }
  return out.take_bytes();
}

std::size_t encoded_size(const Record& record) {
  const std::size_t frame = encode_record(record).size();
  protocol::Writer size;
  size.write_unsigned_varint(static_cast<std::uint32_t>(frame));
  return frame + size.size();
}

Result<std::vector<Record>> decode_records(const SharedBytes& batch, std::int16_t metadata_version_max) {
  std::vector<Record> records;
  std::size_t position = 0;
  while (position < batch.size()) {
    protocol::Reader in(batch.slice(position, batch.size() - position));
    const auto size = in.read_unsigned_varint();
    if (!in.ok() || size > in.remaining()) return corrupt("the batch ends inside a record");
    position += in.position();
    TRY(auto record, decode_record(batch.slice(position, size), metadata_version_max));
    records.push_back(std::move(record));
    position += size;
  }
  return records;
}

}  // namespace thalweg::metadata
