// A task's inside as one test sets it: times by hand, and what was asked for is counted.
#pragma once

#include "thalweg/streams/detail/runtime.h"
#include "thalweg/streams/detail/store.h"

namespace thalweg::streams::detail {

struct TestingRuntime : TaskRuntime {
  Timestamp stream{}, wall{}, record{};
  milliseconds interval{0};
  std::uint64_t drops = 0;
  std::map<std::string, StoreBase*, std::less<>> stores;
  std::map<std::string, std::int64_t, std::less<>> kept_numbers;

  TaskId task() const override { return {}; }
  Timestamp stream_time() const override { return stream; }
  Timestamp wall_clock() const override { return wall; }
  Timestamp record_time() const override { return record; }
  const SourceRecord* source() const override { return nullptr; }
  std::string topic_name(std::string_view topic) const override { return std::string(topic); }
  std::string changelog_topic(std::string_view store) const override {
    return "app-" + std::string(store) + "-changelog";
  }
  std::int32_t partitions(std::string_view) const override { return 0; }
  void send(Outgoing) override {}
  StoreBase& store(std::string_view name) override { return *stores.at(std::string(name)); }
  Punctuation schedule(std::string_view, milliseconds, Clock, std::function<void(Timestamp)>) override { return {}; }
  void request_commit() override {}
  bool resume(std::string_view, const Error&) override { return false; }
  milliseconds emit_interval() const override { return interval; }
  void dropped(std::string_view, std::string_view) override { ++drops; }
  std::optional<std::int64_t> kept(std::string_view name) const override {
    const auto found = kept_numbers.find(name);
    return found == kept_numbers.end() ? std::nullopt : std::optional(found->second);
  }
  void keep(std::string_view name, std::int64_t value) override { kept_numbers[std::string(name)] = value; }
};

}  // namespace thalweg::streams::detail
