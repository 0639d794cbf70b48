#include "client/dead_letters.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>

namespace thalweg::client {
namespace {

// A letter is hardly larger than its record: a handler that says a megabyte must not make one that no topic takes.
constexpr std::size_t kReasonMost = 4096;

constexpr std::string_view kReplayOf = "thalweg-replay-of", kReplayCount = "thalweg-replay-count";
constexpr int kReplayCountMost = 1'000'000;

bool is_ours(const Header& header) { return header.name.starts_with(kDeadLetterPrefix); }
bool is_of_replay(const Header& header) { return header.name == kReplayOf || header.name == kReplayCount; }

// What strangers wrote counts as nothing.
int replayed_before(const Record& letter) {
  const std::string_view text = letter.headers().last(kReplayCount).value_or("");
  int times = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), times);
  return error == std::errc() && end == text.data() + text.size() ? std::clamp(times, 0, kReplayCountMost) : 0;
}

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
  Headers own;
  for (const auto& header : message.headers)
    if (!is_of_replay(header)) own.add(header.name, header.value);
  own.add(std::string(kReplayOf), std::string(letter.topic()) + "/" + std::to_string(letter.partition()) + "/" +
                                      std::to_string(letter.offset()));
  own.add(std::string(kReplayCount), std::to_string(replayed_before(letter) + 1));
  message.headers = std::move(own);
  return message;
}

}  // namespace thalweg::client
