// Dead letters: records that somebody could not handle, with headers that say where they come from and why they died.
// Five families of headers are read into one. What they say is text of strangers.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace thalweg::letters {

enum class Family { kToolkit, kShareGroup, kStreams, kConnect, kSpring };
// "toolkit", "share group", "streams", "connect", "spring".
std::string_view name(Family family);

// A record's header: its name and its bytes.
using HeaderBytes = std::pair<std::string_view, std::optional<std::string_view>>;

// What the headers say, each only if it is there. Of several headers of one name the last one counts, and of several
// families the one that wrote last: it is why the letter is here.
struct DeadLetter {
  std::optional<Family> family;                                           // nothing: it is none that is known
  std::optional<std::string> topic, partition, offset, timestamp;         // of the record that died; numbers as text
  std::optional<std::string> group;                                       // a consumer group, or a connector
  std::optional<std::string> attempts, error, message, time, stacktrace;  // `error` is a name, or a Java class
};
DeadLetter dead_letter_in(std::span<const HeaderBytes> headers);

// Whether a header belongs to one of the families: the record did not have it when it was alive.
bool is_of_family(std::string_view header);

// Whether a letter without key and value says where its record is instead of holding it, as share groups do unless
// they are told to copy (errors.deadletterqueue.copy.record.enable).
bool lacks_record(const DeadLetter& letter, bool has_key, bool has_value);

// Whether a topic's name says that dead letters lie in it: dlq.*, *.dlq, *-dlq, *.DLT, *-dlt, *.dead*; in any case.
bool is_queue_name(std::string_view topic);

}  // namespace thalweg::letters
