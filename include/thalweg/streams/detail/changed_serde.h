// How a row's change travels through a repartition topic: the new value, the old one, or both, and which at the end.
// (ChangedSerializer, ChangedDeserializer, KIP-904)
#pragma once

#include <string>
#include <utility>

#include "thalweg/streams/detail/serdes.h"

namespace thalweg::streams::detail {

struct ChangedBytes {
  std::optional<std::string_view> now, before;
};
// Nothing: damaged.
std::optional<ChangedBytes> split_change(std::string_view bytes);
// At least one is there.
std::string joined_change(const std::optional<std::string>& now, const std::optional<std::string>& before);

template <class V>
Serde<Change<V>> changed_serde(const Serde<V>& serde) {
  return {"change of " + std::string(serde.name()),
          [serde](const Change<V>& change, std::string& out, const client::SerdeContext& context) -> Result<> {
            std::optional<std::string> now, before;
            if (change.now)
              if (auto done = serde.write(*change.now, now.emplace(), context); !done) return done;
            if (change.before)
              if (auto done = serde.write(*change.before, before.emplace(), context); !done) return done;
            out += joined_change(now, before);
            return {};
          },
          [serde](std::string_view bytes, const client::SerdeContext& context) -> Result<Change<V>> {
            const auto parts = split_change(bytes);
            if (!parts) return client::bad_bytes("a change of a row that is damaged");
            auto now = decoded(serde, parts->now, context), before = decoded(serde, parts->before, context);
            if (!now) return std::unexpected(std::move(now.error()));
            if (!before) return std::unexpected(std::move(before.error()));
            return Change<V>{.now = *std::move(now), .before = *std::move(before)};
          }};
}

}  // namespace thalweg::streams::detail
