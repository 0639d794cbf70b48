// Every message behind one type, for tests that treat all alike.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "protocol/testing/filler.h"
#include "protocol/wire.h"

namespace thalweg::protocol {

struct RegistryEntry {
  std::string_view name;
  std::string_view kind;  // request, response, header, data, record, key, value
  std::int16_t api_key;   // -1 without one
  std::int16_t min_version, max_version, flexible_from;

  // The bytes of the message that Filler makes from `seed`.
  SharedBytes (*encode_filled)(std::uint32_t seed, std::int16_t version);
  // Decodes, and encodes again what came out.
  Result<SharedBytes> (*recode)(SharedBytes bytes, std::int16_t version);
  // What goes wrong when a filled message is encoded, decoded and printed; empty if nothing does.
  std::string (*round_trip)(std::uint32_t seed, std::int16_t version);
};

// In the order of the schemas.
std::span<const RegistryEntry> all_messages();

template <class T>
T filled(std::uint32_t seed, std::int16_t version) {
  Filler filler(seed);
  T message;
  fill(filler, message, version);
  return message;
}

template <class T>
SharedBytes encoded(const T& message, std::int16_t version) {
  Writer writer;
  message.encode(writer, version);
  return writer.take_bytes();
}

template <class T>
Result<SharedBytes> recode(SharedBytes bytes, std::int16_t version) {
  Reader reader(std::move(bytes));
  TRY(const T message, T::decode(reader, version));
  if (reader.remaining() != 0) return fail(ErrorCode::kInvalidRequest, "bytes left over");
  return encoded(message, version);
}

template <class T>
std::string round_trip(std::uint32_t seed, std::int16_t version) {
  const T message = filled<T>(seed, version);
  Reader reader(encoded(message, version));
  const auto decoded = T::decode(reader, version);
  if (!decoded) return decoded.error().message;
  if (reader.remaining() != 0) return std::to_string(reader.remaining()) + " bytes left over";
  if (!(*decoded == message)) return "wrote " + to_string(message) + "\nread  " + to_string(*decoded);
  if (const auto fits = message.representable(version); !fits) return fits.error().message;
  return {};
}

template <class T>
RegistryEntry entry(std::string_view name, std::string_view kind) {
  std::int16_t key = -1;
  if constexpr (requires { T::kKey; }) key = static_cast<std::int16_t>(T::kKey);
  return {name,
          kind,
          key,
          T::kMinVersion,
          T::kMaxVersion,
          T::kFlexibleFrom,
          [](std::uint32_t seed, std::int16_t version) { return encoded(filled<T>(seed, version), version); },
          recode<T>,
          round_trip<T>};
}

}  // namespace thalweg::protocol
