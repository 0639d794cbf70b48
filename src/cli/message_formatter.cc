#include "cli/message_formatter.h"

#include <fmt/format.h>

#include "base/endian.h"

namespace thalweg::cli {
namespace {

constexpr std::string_view kDefault = "DefaultMessageFormatter";

// How the bytes of a key, a value or a header become text.
enum class Deserializer { kText, kShort, kInteger, kLong };

// Without the package and the class that it lies in.
std::string_view simple_name(std::string_view class_name) {
  return class_name.substr(class_name.find_last_of(".$") + 1);
}

Result<Deserializer> deserializer(const std::string& class_name) {
  const auto simple = simple_name(class_name);
  if (simple == "StringDeserializer" || simple == "ByteArrayDeserializer" || simple == "BytesDeserializer")
    return Deserializer::kText;
  if (simple == "ShortDeserializer") return Deserializer::kShort;
  if (simple == "IntegerDeserializer") return Deserializer::kInteger;
  if (simple == "LongDeserializer") return Deserializer::kLong;
  return fail(
      ErrorCode::kInvalidRequest,
      fmt::format("{} is not available; there are StringDeserializer, ByteArrayDeserializer, ShortDeserializer, "
                  "IntegerDeserializer and LongDeserializer",
                  class_name));
}

template <class T>
Result<std::string> number(const std::string& bytes) {
  if (bytes.size() != sizeof(T))
    return invalid(fmt::format("Size of data received by the deserializer is not {}", sizeof(T)));
  return std::to_string(load_be<T>(as_bytes(bytes).data()));
}

Result<std::string> text_of(const std::string& bytes, Deserializer as) {
  switch (as) {
    case Deserializer::kShort:
      return number<std::int16_t>(bytes);
    case Deserializer::kInteger:
      return number<std::int32_t>(bytes);
    case Deserializer::kLong:
      return number<std::int64_t>(bytes);
    case Deserializer::kText:
      break;
  }
  return bytes;
}

class DefaultFormatter : public MessageFormatter {
 public:
  static Result<std::unique_ptr<MessageFormatter>> create(const Properties& properties) {
    auto formatter = std::make_unique<DefaultFormatter>();
    for (const auto& [name, value] : properties) TRY_VOID(formatter->set(name, value));
    return formatter;
  }

  Result<std::string> format(const admin::ConsumedRecord& record) override {
    std::string line;
    const auto field = [&](const std::string& text) {
      if (began_) line += key_separator_;
      began_ = true;
      line += text;
    };
    began_ = false;
    if (timestamp_) field(timestamp_text(record));
    if (partition_) field("Partition:" + to_string(record.partition.partition));
    if (offset_) field("Offset:" + to_string(record.offset));
    // What only share groups and the consumer's inside know; Kafka's tool prints the same.
    if (delivery_) field("Delivery:NOT_PRESENT");
    if (epoch_) field("Epoch:NOT_PRESENT");
    if (headers_) {
      TRY(const std::string text, headers_text(record));
      field(text);
    }
    if (key_) {
      TRY(const std::string text, optional_text(record.key, key_as_));
      field(text);
    }
    if (value_) {
      TRY(const std::string text, optional_text(record.value, value_as_));
      field(text);
    }
    return began_ ? line + line_separator_ : "";
  }

 private:
  Result<> set(const std::string& name, const std::string& value) {
    const std::pair<std::string_view, bool*> switches[] = {{"print.timestamp", &timestamp_},
                                                           {"print.partition", &partition_},
                                                           {"print.offset", &offset_},
                                                           {"print.delivery", &delivery_},
                                                           {"print.epoch", &epoch_},
                                                           {"print.headers", &headers_},
                                                           {"print.key", &key_},
                                                           {"print.value", &value_}};
    for (const auto& [known, flag] : switches)
      if (name == known) *flag = value == "true" || value == "True" || value == "TRUE";
    const std::pair<std::string_view, std::string*> texts[] = {{"key.separator", &key_separator_},
                                                               {"line.separator", &line_separator_},
                                                               {"headers.separator", &headers_separator_},
                                                               {"null.literal", &null_literal_}};
    for (const auto& [known, text] : texts)
      if (name == known) *text = value;
    const std::pair<std::string_view, Deserializer*> deserializers[] = {
        {"key.deserializer", &key_as_}, {"value.deserializer", &value_as_}, {"headers.deserializer", &headers_as_}};
    for (const auto& [known, as] : deserializers)
      if (name == known) {
        TRY(*as, deserializer(value));
      }
    return {};
  }

  static std::string timestamp_text(const admin::ConsumedRecord& record) {
    if (record.timestamp == kNoTimestamp) return "NO_TIMESTAMP";
    const bool append = record.timestamp_type == record::TimestampType::kLogAppendTime;
    return fmt::format("{}:{}", append ? "LogAppendTime" : "CreateTime", record.timestamp);
  }

  Result<std::string> headers_text(const admin::ConsumedRecord& record) const {
    if (record.headers.empty()) return "NO_HEADERS";
    std::string text;
    for (const auto& [key, value] : record.headers) {
      TRY(const std::string shown, optional_text(value, headers_as_));
      text += (text.empty() ? "" : headers_separator_) + key + ":" + shown;
    }
    return text;
  }

  Result<std::string> optional_text(const std::optional<std::string>& bytes, Deserializer as) const {
    if (!bytes) return null_literal_;
    return text_of(*bytes, as);
  }

  bool timestamp_ = false, partition_ = false, offset_ = false, delivery_ = false, epoch_ = false, headers_ = false,
       key_ = false, value_ = true;
  std::string key_separator_ = "\t", line_separator_ = "\n", headers_separator_ = ",", null_literal_ = "null";
  Deserializer key_as_ = Deserializer::kText, value_as_ = Deserializer::kText, headers_as_ = Deserializer::kText;
  bool began_ = false;
};

class NoOpFormatter : public MessageFormatter {
 public:
  Result<std::string> format(const admin::ConsumedRecord&) override { return ""; }
};

}  // namespace

Result<std::unique_ptr<MessageFormatter>> make_formatter(const std::string& class_name, const Properties& properties) {
  const auto simple = simple_name(class_name);
  // Logging is the default with a line in the log, which these tools do not have.
  if (simple == kDefault || simple == "LoggingMessageFormatter") return DefaultFormatter::create(properties);
  if (simple == "NoOpMessageFormatter") return std::make_unique<NoOpFormatter>();
  if (simple == "OffsetsMessageFormatter") return make_offsets_formatter();
  if (simple == "GroupMetadataMessageFormatter") return make_group_metadata_formatter();
  return invalid(
      fmt::format("formatter {} is not available; there are DefaultMessageFormatter, LoggingMessageFormatter, "
                  "NoOpMessageFormatter, OffsetsMessageFormatter and GroupMetadataMessageFormatter",
                  class_name));
}

}  // namespace thalweg::cli
