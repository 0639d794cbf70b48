// What an application is called, and how it runs. Shared by App and TestDriver.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "thalweg/client/metrics.h"
#include "thalweg/streams/types.h"

namespace thalweg::streams {

enum class Guarantee { kAtLeastOnce, kExactlyOnceV2 };

// The record that failed. Views live for the time of the call.
struct ErrorContext {
  std::string node;   // where it failed
  std::string topic;  // empty: a punctuation failed
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  TaskId task;
  std::optional<std::string_view> raw_key, raw_value;
  const Headers& headers;
};
// kResume writes to the dead letter topic where one is set.
enum class Verdict { kFail, kResume, kRetry };

struct AppConfig {
  std::string application_id, brokers = "localhost:9092", state_dir = "/var/lib/thalweg-streams";
  Guarantee guarantee = Guarantee::kAtLeastOnce;
  unsigned threads = 1, standbys = 0;
  std::optional<std::string> dead_letter_topic = {};  // errors.dead.letter.queue.topic.name
  // Left out: kFail.
  std::function<Verdict(const ErrorContext&, const Error&)> on_decode_error = {}, on_process_error = {},
                                                            on_produce_error = {};
  std::optional<std::string> application_server = {};  // host:port told to the others, for interactive queries
  std::optional<client::Metrics> metrics = {};
  // Kafka Streams' names; those with consumer., main.consumer., restore.consumer., global.consumer., producer., admin.
  // and topic. before them, too.
  Properties properties = {};
};

}  // namespace thalweg::streams
