// Serde<T>: how a T becomes bytes and comes back. It is found from the type: built in for std::string, integers and
// floating point (big endian, as Kafka's serializers write them), std::optional<T>; JSON for described types (json.h);
// Avro and JSON Schema through the registry (avro.h, registry.h). A type of one's own: specialise SerdeOf, or pass a
// Serde.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>

#include "thalweg/client/record.h"

namespace thalweg::client {

// Where the bytes go or come from. `headers` may be written to by a serde that writes, and is null where there are
// none.
struct SerdeContext {
  std::string_view topic;
  bool is_key = false;
  Headers* headers = nullptr;             // of a message that is written
  const Headers* read_headers = nullptr;  // of a record that is read
};

namespace detail {
THALWEG_EXPORT std::unexpected<Error> serde_threw(std::string_view serde, std::string_view what, int code);
}

template <class T>
class Serde {
 public:
  using Write = std::function<Result<>(const T&, std::string& out, const SerdeContext&)>;  // appends
  using Read = std::function<Result<T>(std::string_view, const SerdeContext&)>;

  Serde(std::string name, Write write, Read read)
      : impl_(std::make_shared<const Impl>(std::move(name), std::move(write), std::move(read))) {}

  // What a serde throws is its error, as what a handler throws.
  Result<> write(const T& value, std::string& out, const SerdeContext& context) const try {
    return impl_->write(value, out, context);
  } catch (const std::exception& e) {
    return detail::serde_threw(name(), e.what(), kCannotWrite);
  } catch (...) {
    return detail::serde_threw(name(), "what is not a std::exception", kCannotWrite);
  }
  Result<T> read(std::string_view bytes, const SerdeContext& context) const try {
    return impl_->read(bytes, context);
  } catch (const std::exception& e) {
    return detail::serde_threw(name(), e.what(), kBadBytes);
  } catch (...) {
    return detail::serde_threw(name(), "what is not a std::exception", kBadBytes);
  }
  std::string_view name() const { return impl_->name; }

 private:
  struct Impl {
    Impl(std::string n, Write w, Read r) : name(std::move(n)), write(std::move(w)), read(std::move(r)) {}
    std::string name;
    Write write;
    Read read;
  };
  std::shared_ptr<const Impl> impl_;
};

// The customization point: specialise it with `static Serde<T> make()`.
template <class T>
struct SerdeOf;

template <class T>
concept HasSerde = requires {
  { SerdeOf<T>::make() } -> std::same_as<Serde<T>>;
};

template <class T>
Serde<T> serde_of() {
  static_assert(
      HasSerde<T>,
      "no serde for this type: describe it with THALWEG_DESCRIBE (json.h), specialise thalweg::client::SerdeOf, "
      "or pass a Serde");
  static const Serde<T> serde = SerdeOf<T>::make();
  return serde;
}

template <>
struct SerdeOf<std::string> {
  THALWEG_EXPORT static Serde<std::string> make();
};

namespace detail {
THALWEG_EXPORT std::unexpected<Error> wrong_length(std::string_view type, std::size_t want, std::size_t got);
THALWEG_EXPORT std::unexpected<Error> null_value(std::string_view where, std::string_view what, std::string_view serde);

template <class T>
inline constexpr std::string_view kNumberName = std::floating_point<T> ? (sizeof(T) == 4 ? "float" : "double")
                                                : sizeof(T) == 8       ? "long"
                                                : sizeof(T) == 4       ? "integer"
                                                : sizeof(T) == 2       ? "short"
                                                                       : "byte";
template <class T>
inline constexpr bool kIsOptional = false;
template <class T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

template <std::size_t kSize>
using Bits =
    std::conditional_t<kSize == 8, std::uint64_t, std::conditional_t<kSize == 4, std::uint32_t, std::uint16_t>>;
}  // namespace detail

template <class T>
  requires(std::integral<T> || std::floating_point<T>) && (sizeof(T) <= 8)
struct SerdeOf<T> {
  static Serde<T> make() {
    return {std::string(detail::kNumberName<T>),
            [](const T& value, std::string& out, const SerdeContext&) -> Result<> {
              using U = std::conditional_t<sizeof(T) == 1, std::uint8_t, detail::Bits<sizeof(T)>>;
              const auto bits = std::bit_cast<U>(value);
              for (int shift = (sizeof(T) - 1) * 8; shift >= 0; shift -= 8)
                out.push_back(static_cast<char>(bits >> shift));
              return {};
            },
            [](std::string_view bytes, const SerdeContext&) -> Result<T> {
              if (bytes.size() != sizeof(T))
                return detail::wrong_length(detail::kNumberName<T>, sizeof(T), bytes.size());
              if constexpr (std::same_as<T, bool>) {
                return bytes[0] != 0;
              } else {
                using U = std::conditional_t<sizeof(T) == 1, std::uint8_t, detail::Bits<sizeof(T)>>;
                std::uint64_t bits = 0;
                for (const char c : bytes) bits = bits << 8 | static_cast<unsigned char>(c);
                return std::bit_cast<T>(static_cast<U>(bits));
              }
            }};
  }
};

// Absent is no bytes at all: a null key or value. Writing an absent one is the caller's to do by leaving the field
// empty; `message()` and `send()` do.
template <HasSerde T>
struct SerdeOf<std::optional<T>> {
  static Serde<std::optional<T>> make() {
    return {"optional " + std::string(serde_of<T>().name()),
            [](const std::optional<T>& value, std::string& out, const SerdeContext& context) -> Result<> {
              return value ? serde_of<T>().write(*value, out, context) : Result<>{};
            },
            [](std::string_view bytes, const SerdeContext& context) -> Result<std::optional<T>> {
              auto value = serde_of<T>().read(bytes, context);
              if (!value) return std::unexpected(value.error());
              return std::optional<T>(*std::move(value));
            }};
  }
};

template <class T>
Result<T> Record::decode(const Serde<T>& serde, std::optional<std::string_view> bytes, bool is_key) const {
  if (!bytes) {
    if constexpr (detail::kIsOptional<T>) return T{};
    return detail::null_value(where(), is_key ? "key" : "value", serde.name());
  }
  auto value = serde.read(*bytes, {.topic = topic(), .is_key = is_key, .read_headers = &headers()});
  if (!value) {
    Error error = value.error();
    error.message = where() + ": " + error.message;
    return std::unexpected(std::move(error));
  }
  return value;
}

}  // namespace thalweg::client
