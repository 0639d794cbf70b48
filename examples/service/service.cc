#include "service/service.h"

#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <limits>

namespace examples {
namespace {

std::string clock_time() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  char text[16];
  std::strftime(text, sizeof text, "%H:%M:%S", localtime_r(&now, &parts));
  return text;
}

}  // namespace

bool wait(std::stop_token stop, milliseconds time) {
  std::mutex mutex;
  std::condition_variable_any condition;
  std::unique_lock lock(mutex);
  condition.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

void Problems::set(const std::string& part, const std::string& what) {
  const std::lock_guard lock(mutex_);
  auto& known = problems_[part];
  if (known == what) return;
  known = what;
  std::fprintf(stderr, "%s %s: %s\n", clock_time().c_str(), part.c_str(), what.c_str());
}

void Problems::clear(const std::string& part) {
  const std::lock_guard lock(mutex_);
  if (problems_.erase(part) > 0) std::fprintf(stderr, "%s %s: goes on\n", clock_time().c_str(), part.c_str());
}

Result<> Problems::note(const std::string& part, Result<> result) {
  if (result)
    clear(part);
  else
    set(part, result.error().message);
  return result;
}

std::vector<std::string> Problems::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> list;
  for (const auto& [part, what] : problems_) list.push_back(part + ": " + what);
  return list;
}

void Problems::say(const std::string& part, const std::string& what) {
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  std::erase_if(said_, [&](const auto& one) { return now - one.second > 30s; });
  if (said_.try_emplace(part + ": " + what, now).second)
    std::fprintf(stderr, "%s %s: %s\n", clock_time().c_str(), part.c_str(), what.c_str());
}

thalweg::client::Properties patient_properties() {
  return {{"reconnect.backoff.ms", "50"}, {"reconnect.backoff.max.ms", "1000"}};
}

thalweg::client::Properties consumer_properties(const std::string& instance) {
  auto properties = patient_properties();
  properties["topic.metadata.refresh.interval.ms"] = "2000";
  if (!instance.empty()) properties["group.instance.id"] = instance;
  return properties;
}

void consume(std::stop_token stop, Problems& problems, const std::string& part,
             const std::function<Result<thalweg::client::Consumer>()>& make) {
  Pause pause;
  while (!stop.stop_requested()) {
    auto consumer = make();
    Result<> ended = thalweg::client::status(consumer);
    if (consumer) {
      consumer->on_assigned([&](auto) {
        problems.clear(part);
        pause.succeeded();
      });
      ended = consumer->run(stop);
    }
    if (!ended) problems.set(part, ended.error().message);
    if (!pause.wait(stop)) return;
  }
}

thalweg::client::RetryPolicy until_it_succeeds() {
  return {.attempts = std::numeric_limits<int>::max(), .backoff = thalweg::client::Backoff::exponential(100ms, 2, 5s)};
}

std::int64_t now_seconds() { return std::time(nullptr); }

}  // namespace examples
