#include "letters/dead_letter.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/endian.h"

namespace thalweg::letters {
namespace {

using Text = std::optional<std::string>;

// A header behind its family's prefix, and what it is.
struct Field {
  std::string_view name;
  Text DeadLetter::* into;
  enum class As { kText, kInteger } as = As::kText;
};

// Source: ShareGroupDLQStateManager of Kafka 4.4; the last three are the toolkit's.
constexpr Field kDlqFields[] = {
    {"topic", &DeadLetter::topic},     {"partition", &DeadLetter::partition},     {"offset", &DeadLetter::offset},
    {"group", &DeadLetter::group},     {"delivery.count", &DeadLetter::attempts}, {"message", &DeadLetter::message},
    {"exception", &DeadLetter::error}, {"timestamp", &DeadLetter::timestamp},     {"time", &DeadLetter::time}};
// Source: ExceptionHandlerUtils of Kafka Streams.
constexpr Field kStreamsFields[] = {{"topic", &DeadLetter::topic},     {"partition", &DeadLetter::partition},
                                    {"offset", &DeadLetter::offset},   {"exception", &DeadLetter::error},
                                    {"message", &DeadLetter::message}, {"stacktrace", &DeadLetter::stacktrace}};
// Source: DeadLetterQueueReporter of Kafka Connect.
constexpr Field kConnectFields[] = {{"topic", &DeadLetter::topic},
                                    {"partition", &DeadLetter::partition},
                                    {"offset", &DeadLetter::offset},
                                    {"connector.name", &DeadLetter::group},
                                    {"exception.class.name", &DeadLetter::error},
                                    {"exception.message", &DeadLetter::message},
                                    {"exception.stacktrace", &DeadLetter::stacktrace}};
// Source: KafkaHeaders of Spring Kafka. The cause comes second, so that it wins: the exception itself is the
// listener's wrapping.
constexpr Field kSpringFields[] = {{"original-topic", &DeadLetter::topic},
                                   {"original-partition", &DeadLetter::partition, Field::As::kInteger},
                                   {"original-offset", &DeadLetter::offset, Field::As::kInteger},
                                   {"original-timestamp", &DeadLetter::timestamp, Field::As::kInteger},
                                   {"original-consumer-group", &DeadLetter::group},
                                   {"exception-fqcn", &DeadLetter::error},
                                   {"exception-cause-fqcn", &DeadLetter::error},
                                   {"exception-message", &DeadLetter::message},
                                   {"exception-stacktrace", &DeadLetter::stacktrace}};

struct FamilyTable {
  std::string_view prefix;
  Family family;
  std::span<const Field> fields;
};
constexpr std::string_view kDlqPrefix = "__dlq.errors.";
constexpr FamilyTable kFamilies[] = {{kDlqPrefix, Family::kShareGroup, kDlqFields},
                                     {"__streams.errors.", Family::kStreams, kStreamsFields},
                                     {"__connect.errors.", Family::kConnect, kConnectFields},
                                     {"kafka_dlt-", Family::kSpring, kSpringFields}};

const FamilyTable* table_of(std::string_view header) {
  const auto table = std::ranges::find_if(kFamilies, [&](const auto& one) { return header.starts_with(one.prefix); });
  return table == std::end(kFamilies) ? nullptr : &*table;
}

// Java's ByteBuffer wrote it. Who writes text instead is read, too.
std::string integer_text(std::string_view bytes) {
  const auto* at = as_bytes(bytes).data();
  if (bytes.size() == sizeof(std::int32_t)) return std::to_string(load_be<std::int32_t>(at));
  if (bytes.size() == sizeof(std::int64_t)) return std::to_string(load_be<std::int64_t>(at));
  return std::string(bytes);
}

Text text_of(const Field& field, const std::optional<std::string_view>& bytes) {
  if (!bytes) return std::nullopt;
  return field.as == Field::As::kInteger ? integer_text(*bytes) : std::string(*bytes);
}

// Streams writes Throwable.toString(): the class, and behind it the message, which has a header of its own.
void keep_class_alone(Text& error) {
  if (error) error->resize(std::min(error->size(), error->find(": ")));
}

char small(char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; }

}  // namespace

std::string_view name(Family family) {
  constexpr std::array<std::string_view, 5> kNames{"toolkit", "share group", "streams", "connect", "spring"};
  return kNames[std::size_t(family)];
}

DeadLetter dead_letter_in(std::span<const HeaderBytes> headers) {
  const FamilyTable* last = nullptr;
  for (const auto& [header, bytes] : headers)
    if (const auto* table = table_of(header)) last = table;
  DeadLetter letter;
  if (!last) return letter;
  letter.family = last->family;
  for (const auto& field : last->fields)
    for (const auto& [header, bytes] : headers)
      if (header.starts_with(last->prefix) && header.substr(last->prefix.size()) == field.name)
        letter.*field.into = text_of(field, bytes);
  if (letter.family == Family::kShareGroup && letter.error) letter.family = Family::kToolkit;
  if (letter.family == Family::kStreams) keep_class_alone(letter.error);
  return letter;
}

bool is_of_family(std::string_view header) { return table_of(header) != nullptr; }

bool lacks_record(const DeadLetter& letter, bool has_key, bool has_value) {
  return letter.family == Family::kShareGroup && !has_key && !has_value;
}

bool is_queue_name(std::string_view topic) {
  std::string lower(topic);
  std::ranges::transform(lower, lower.begin(), small);
  for (const std::string_view end : {".dlq", "-dlq", ".dlt", "-dlt"})
    if (lower.ends_with(end)) return true;
  return lower.starts_with("dlq.") || lower.contains(".dead");
}

}  // namespace thalweg::letters
