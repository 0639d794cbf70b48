// Records as text, with the properties of kafka-console-consumer's formatters.
#pragma once

#include <memory>
#include <string>

#include "admin/consumer.h"
#include "cli/tool.h"

namespace thalweg::cli {

class MessageFormatter {
 public:
  virtual ~MessageFormatter() = default;
  // What is printed for the record; may be empty. An error when the bytes are not what the deserializer expects.
  virtual Result<std::string> format(const admin::ConsumedRecord& record) = 0;
};

// By the class name that Kafka's tool knows, or the last part of it. kInvalidRequest for a name or property that has no
// counterpart here.
Result<std::unique_ptr<MessageFormatter>> make_formatter(const std::string& class_name, const Properties& properties);

// OffsetsMessageFormatter and GroupMetadataMessageFormatter, for __consumer_offsets: each passes other records over.
std::unique_ptr<MessageFormatter> make_offsets_formatter();
std::unique_ptr<MessageFormatter> make_group_metadata_formatter();

}  // namespace thalweg::cli
