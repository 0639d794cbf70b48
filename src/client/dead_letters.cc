#include "client/dead_letters.h"

#include <cstdio>
#include <ctime>

namespace thalweg::client {
namespace {

// A letter is hardly larger than its record: a handler that says a megabyte must not make one that no topic takes.
constexpr std::size_t kReasonMost = 4096;

bool is_ours(const Header& header) { return header.name.starts_with(kDeadLetterPrefix); }

void copy_bytes(const Record& record, Message& message) {
  if (record.key()) message.key = std::string(*record.key());
  if (record.value()) message.value = std::string(*record.value());
  for (const auto& header : record.headers())
    if (!is_ours(header)) message.headers.add(header.name, header.value);
}

std::string utc(Timestamp time) {
  const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

}  // namespace

Message dead_letter_of(const Record& record, const Error& error, int attempts, const DeadLetterQueue& queue,
                       const std::string& group, Timestamp now) {
  Message message{.topic = queue.topic.value_or(queue.prefix + record.topic())};
  copy_bytes(record, message);
  const auto add = [&](const char* name, std::string value) {
    message.headers.add(std::string(kDeadLetterPrefix) + name, std::move(value));
  };
  add("topic", record.topic());
  add("partition", std::to_string(record.partition()));
  add("offset", std::to_string(record.offset()));
  add("group", group);
  add("delivery.count", std::to_string(attempts));
  add("message", error.message.substr(0, kReasonMost));
  add("exception", std::string(error.name()));
  add("timestamp", std::to_string(record.timestamp().time_since_epoch().count()));
  add("time", utc(now));
  return message;
}

Message original_of(const Record& letter) {
  Message message{.topic = std::string(letter.headers().last("__dlq.errors.topic").value_or(""))};
  copy_bytes(letter, message);
  return message;
}

}  // namespace thalweg::client
