// What a node of a topology sees of the task that runs it. No thread, clock or network: a task is a machine, and
// whoever runs it says what time it is and takes what it sends.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "thalweg/streams/types.h"

namespace thalweg::streams {

enum class Clock { kStreamTime, kWallClock };

// A handle to what was scheduled; letting it go does not cancel.
class Punctuation {
 public:
  Punctuation() = default;
  explicit Punctuation(std::shared_ptr<bool> cancelled) : cancelled_(std::move(cancelled)) {}
  void cancel() {
    if (cancelled_) *cancelled_ = true;
  }

 private:
  std::shared_ptr<bool> cancelled_;
};

namespace detail {

class StoreBase;

// A record as it is read. Views live as long as `owner`.
struct RawRecord {
  TopicPartition from;
  std::int64_t offset = 0;
  Timestamp timestamp{};
  std::optional<std::string_view> key, value;
  Headers headers;
  std::shared_ptr<const void> owner;
};

// A record on its way out.
struct Outgoing {
  client::Message message;    // its topic as the cluster names it
  bool is_changelog = false;  // then the partition is the task's
};

// The record of a source topic that is being processed: of what a node or a dead letter says where it came from.
struct SourceRecord {
  TopicPartition from;
  std::int64_t offset = 0;
};

// A store could not read or write. Nobody goes on after it: the task ends.
struct StoreFailure : std::exception {
  explicit StoreFailure(Error e) : error(std::move(e)) {}
  const char* what() const noexcept override { return error.message.c_str(); }
  Error error;
};

// Thrown by a node whose user's function returned an error, or whose serde cannot write (kCannotWrite).
struct Failed : std::exception {
  explicit Failed(Error e) : error(std::move(e)) {}
  const char* what() const noexcept override { return error.message.c_str(); }
  Error error;
};

class TaskRuntime {
 public:
  virtual ~TaskRuntime() = default;
  virtual TaskId task() const = 0;
  // The highest timestamp of the records that were taken so far; -1 ms: none yet.
  virtual Timestamp stream_time() const = 0;
  virtual Timestamp wall_clock() const = 0;
  // Of the record that is processed, as the current processor was given it; of a punctuation: its time.
  // (ProcessorContext.timestamp)
  virtual Timestamp record_time() const = 0;
  // Of the clock on the wall: closed windows are looked for no more often. (EMIT_INTERVAL_MS_...)
  virtual milliseconds emit_interval() const { return 1s; }
  // A processor is given a record of another time than its source's: for the time of the call.
  virtual void set_record_time(Timestamp) {}
  // Nothing while a punctuation runs.
  virtual const SourceRecord* source() const = 0;
  // The cluster's name of a topic of the topology: internal ones have the application's before theirs.
  virtual std::string topic_name(std::string_view topic) const = 0;
  // Of a store, as the cluster names it, also where logging is off: serdes are told. The source topic where the store
  // is restored from that.
  virtual std::string changelog_topic(std::string_view store) const = 0;
  // 0: it is not known.
  virtual std::int32_t partitions(std::string_view topic_name) const = 0;
  virtual void send(Outgoing) = 0;
  // REQUIRES: the node that asks is connected to it (TopologyGraph::check)
  virtual StoreBase& store(std::string_view name) = 0;
  // `node`: who asks, to be named when the function fails. Throws std::invalid_argument for less than 1 ms.
  virtual Punctuation schedule(std::string_view node, milliseconds interval, Clock, std::function<void(Timestamp)>) = 0;
  virtual void request_commit() = 0;
  // A record that an operation leaves out, as Kafka Streams' dropped-records metric counts them.
  virtual void dropped(std::string_view node, std::string_view why) = 0;
  // A node failed with what it was given. True: only what it would have done is left out; its siblings and what its
  // parents forward next go on, as after RESUME in Kafka Streams (KIP-1033). False: the record failed.
  virtual bool resume(std::string_view node, const Error&) = 0;
  // Kept with the committed offsets and handed back after a restart; for emit-on-close. (ProcessorMetadata)
  virtual std::optional<std::int64_t> kept(std::string_view name) const = 0;
  virtual void keep(std::string_view name, std::int64_t value) = 0;
};

}  // namespace detail
}  // namespace thalweg::streams
