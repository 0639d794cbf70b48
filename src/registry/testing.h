// A registry machine with a log that takes everything: steps, and the records they left.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "registry/registry_machine.h"

namespace thalweg::registry {

// The step that answers the request; those before it gave jobs, which were carried out.
template <class Request>
Effects on(RegistryMachine& machine, const Request& request, RequestId id, int* jobs = nullptr, Timestamp wall = 0) {
  RequestContext context;
  for (;;) {
    auto effects = machine.on(request, context, id, Instant(0), wall);
    const auto& answer = std::get<typename Request::Response>(effects.replies.at(0).reply);
    if (answer || !answer.error().job) return effects;
    EXPECT_TRUE(effects.append.empty());
    context.findings = answer.error().job->carry_out(context.findings);
    if (jobs) ++*jobs;
  }
}

class Registry {
 public:
  explicit Registry(RegistryConfig config = {})
      : machine_(std::make_unique<RegistryMachine>(config)), config_(config) {}

  // Asks, with the jobs that this takes, and applies what was decided.
  template <class Request>
  typename Request::Response ask(const Request& request) {
    auto effects = on(*machine_, request, RequestId{++last_}, &jobs_, wall);
    for (const auto& record : effects.append) {
      machine_->apply(record);
      log_.push_back(record);
    }
    return std::get<typename Request::Response>(effects.replies.at(0).reply);
  }
  // The machine as it is loaded from the log.
  void restart() {
    machine_ = std::make_unique<RegistryMachine>(config_);
    for (const auto& record : log_) machine_->apply(record);
  }
  // Puts in the log's place what compaction and time leave of it.
  void set_log(std::vector<Record> log) {
    log_ = std::move(log);
    restart();
  }

  Answer<SchemaObject> put(const std::string& subject, const std::string& text,
                           std::vector<schema::Reference> refs = {}) {
    return ask(RegisterSchema{.subject = subject, .schema = {.text = text, .references = std::move(refs)}});
  }
  Timestamp wall = 0;  // of the steps to come
  const std::vector<Record>& log() const { return log_; }
  RegistryMachine& machine() { return *machine_; }
  int jobs() const { return jobs_; }  // how many it took

 private:
  std::unique_ptr<RegistryMachine> machine_;
  RegistryConfig config_;
  std::vector<Record> log_;
  std::uint64_t last_ = 0;
  int jobs_ = 0;
};

// A record with these fields, each with its type.
inline std::string record_of(const std::string& fields, const std::string& name = "R") {
  return R"({"type":"record","name":")" + name + R"(","fields":[)" + fields + "]}";
}
inline std::string field_of(const std::string& name, const std::string& type = "\"int\"",
                            const std::string& more = "") {
  return R"({"name":")" + name + R"(","type":)" + type + more + "}";
}

template <class T>
Code code_of(const Answer<T>& answer) {
  EXPECT_FALSE(answer);
  return answer ? Code{} : answer.error().code;
}

}  // namespace thalweg::registry
