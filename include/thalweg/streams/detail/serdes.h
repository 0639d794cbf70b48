// Which serde an operation uses: the one that is given, else the one that came with the stream, else that of the type.
// Kept for types without std::optional around them: absent is no bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>

#include "thalweg/streams/detail/logical_graph.h"

namespace thalweg::streams::detail {

using client::detail::kIsOptional;

// "std::optional<Order>", for people.
std::string readable(const std::type_info& type);

// Of an optional's T.
template <class T>
MaybeSerde<unwrap_t<T>> bare(const MaybeSerde<T>& serde) {
  if constexpr (!kIsOptional<T>) {
    return serde;
  } else {
    if (!serde) return {};
    using U = unwrap_t<T>;
    return Serde<U>(
        std::string(serde->name()),
        [s = *serde](const U& value, std::string& out, const client::SerdeContext& context) {
          return s.write(T(value), out, context);
        },
        [s = *serde](std::string_view bytes, const client::SerdeContext& context) -> Result<U> {
          auto value = s.read(bytes, context);
          if (!value) return std::unexpected(value.error());
          if (!*value) return client::bad_bytes(std::string(s.name()) + " read an absent value from bytes");
          return *std::move(*value);
        });
  }
}

template <class T>
MaybeSerde<T> first_of(const MaybeSerde<T>& given, const MaybeSerde<T>& inherited) {
  return given ? given : inherited;
}

// Where an operation keeps the type, its serde travels on; else that of the new type is looked for.
template <class TO, class T>
MaybeSerde<TO> same_or_none(const MaybeSerde<T>& serde) {
  if constexpr (std::same_as<TO, T>)
    return serde;
  else
    return {};
}

// `what`: "key" or "value". A type without a serde is a mistake of the node, which build() says.
template <class T>
Serde<T> serde_for(LogicalGraph& graph, const std::string& node, std::string_view what, const MaybeSerde<T>& serde) {
  if (serde) return *serde;
  if constexpr (client::HasSerde<T>) {
    return client::serde_of<T>();
  } else {
    graph.mistake(node, "its " + std::string(what) + " has type " + readable(typeid(T)) +
                            ", which has no serde: describe it with THALWEG_DESCRIBE, specialise SerdeOf, or pass one");
    const auto none = [] { return std::unexpected(Error{.code = client::kCannotWrite, .message = "no serde"}); };
    return Serde<T>(
        "none", [none](const T&, std::string&, const client::SerdeContext&) -> Result<> { return none(); },
        [none](std::string_view, const client::SerdeContext&) -> Result<T> { return none(); });
  }
}

// Nothing for an absent key or value. Throws Failed with the serde's error.
template <class T>
std::optional<std::string> encoded(const Serde<unwrap_t<T>>& serde, const T& value,
                                   const client::SerdeContext& context) {
  const auto write = [&](const unwrap_t<T>& present) {
    std::string out;
    if (auto done = serde.write(present, out, context); !done) throw Failed(done.error());
    return out;
  };
  if constexpr (kIsOptional<T>) {
    if (!value) return {};
    return write(*value);
  } else {
    return write(value);
  }
}

// Nothing where there are no bytes.
template <class T>
Result<std::optional<T>> decoded(const Serde<T>& serde, std::optional<std::string_view> bytes,
                                 const client::SerdeContext& context) {
  if (!bytes) return std::optional<T>{};
  auto value = serde.read(*bytes, context);
  if (!value) return std::unexpected(std::move(value.error()));
  return std::optional<T>(*std::move(value));
}

}  // namespace thalweg::streams::detail
