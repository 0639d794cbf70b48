// What a foreign-key join sends between its two sides, in Kafka Streams' bytes.
// (SubscriptionWrapperSerde, SubscriptionResponseWrapperSerde, CombinedKeySchema, Murmur3)
//
// The left side subscribes at the right row's partition, by primary key; the right side answers with its row, at once
// and with each change. An answer counts while the left row is the one that it was asked for: its hash says so.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "thalweg/client/export.h"
#include "thalweg/streams/detail/serdes.h"

namespace thalweg::streams::detail {

using RowHash = std::array<std::uint64_t, 2>;
// Murmur3 of 128 bits, with Kafka Streams' seed.
THALWEG_EXPORT RowHash row_hash(std::string_view bytes);

enum class Instruction : std::uint8_t {
  kDeleteQuietly = 0,  // the subscription ends; no answer
  kDelete = 1,         // it ends; the answer is no row
  kAlwaysAnswer = 2,   // also where there is no row
  kAnswerIfThere = 3,
};

// Of a left row; its key is written as the subscription topic's "-pk".
struct Subscription {
  std::optional<RowHash> hash;  // nothing: the row is gone
  Instruction instruction = Instruction::kAnswerIfThere;
  std::string primary_key;
  std::int32_t partition = 0;  // of the left row; answers go there. -1: an old writer did not say
};
THALWEG_EXPORT Serde<Subscription> subscription_serde();

// Of a right row to a left one.
struct AnswerBytes {
  std::optional<RowHash> hash;
  std::optional<std::string_view> row;
};
// Nothing: damaged, or of a later version.
THALWEG_EXPORT std::optional<AnswerBytes> split_answer(std::string_view bytes);
THALWEG_EXPORT void append_answer_head(std::string& out, const std::optional<RowHash>& hash);

template <class V>
struct Answer {
  std::optional<RowHash> hash;
  std::optional<V> row;
  std::int32_t partition = -1;  // not sent
};
// A row without bytes and no row look the same, as in Kafka Streams.
template <class V>
Serde<Answer<V>> answer_serde(const Serde<V>& serde) {
  return {"answer of " + std::string(serde.name()),
          [serde](const Answer<V>& answer, std::string& out, const client::SerdeContext& context) -> Result<> {
            append_answer_head(out, answer.hash);
            return answer.row ? serde.write(*answer.row, out, context) : Result<>();
          },
          [serde](std::string_view bytes, const client::SerdeContext& context) -> Result<Answer<V>> {
            const auto parts = split_answer(bytes);
            if (!parts) return client::bad_bytes("an answer of a foreign-key join that is damaged or too new");
            auto row = decoded(serde, parts->row, context);
            if (!row) return std::unexpected(std::move(row.error()));
            return Answer<V>{.hash = parts->hash, .row = *std::move(row)};
          }};
}

// The key of the subscription store: all of one foreign key stand together.
THALWEG_EXPORT std::string foreign_prefix(std::string_view foreign_key);
// Nothing: damaged.
THALWEG_EXPORT std::optional<std::string_view> primary_key_in(std::string_view combined);

}  // namespace thalweg::streams::detail
