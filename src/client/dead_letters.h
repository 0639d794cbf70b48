// What a dead letter looks like: KIP-1191's header names, and ours beside them.
#pragma once

#include "thalweg/client/consumer.h"

namespace thalweg::client {

inline constexpr std::string_view kDeadLetterPrefix = "__dlq.errors.";

// Key, value and the record's own headers, then why it is here. A letter that dies again keeps only its latest reason.
Message dead_letter_of(const Record& record, const Error& error, int attempts, const DeadLetterQueue& queue,
                       const std::string& group, Timestamp now);
// What it was before: without the headers of a queue; the topic is where it came from, or empty when nobody said. Two
// headers say that it was sent back, as those of `thalweg dlq replay` and the console do (src/letters/replay.h).
Message original_of(const Record& letter);

}  // namespace thalweg::client
