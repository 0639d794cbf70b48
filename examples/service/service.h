// What every service needs beside its work and a clean stop: a memory of what is wrong, and trying again with back-off.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "common/stop_on_signal.h"
#include "thalweg/client/consumer.h"

namespace examples {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using thalweg::client::Error;
using thalweg::client::Result;

using example::StopOnSignal;

// Waits; false: asked to stop meanwhile.
bool wait(std::stop_token stop, milliseconds time);

// What is wrong at the moment, by the part that it concerns. A change is a line on standard error, not each repetition.
class Problems {
 public:
  void set(const std::string& part, const std::string& what);
  void clear(const std::string& part);
  // Sets or clears, by the result; gives it back.
  Result<> note(const std::string& part, Result<> result);
  std::vector<std::string> list() const;
  // What happened and may well be over, as a connection that was lost: a line, the same one at most every 30 s.
  void say(const std::string& part, const std::string& what);

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> problems_;
  std::map<std::string, std::chrono::steady_clock::time_point> said_;  // of the last 30 s
};

// 100 ms, 200 ms ... 5 s; succeeded() begins anew.
class Pause {
 public:
  bool wait(std::stop_token stop) {
    const milliseconds now = std::exchange(next_, std::min<milliseconds>(next_ * 2, 5s));
    return examples::wait(std::move(stop), now);
  }
  void succeeded() { next_ = 100ms; }

 private:
  milliseconds next_ = 100ms;
};

// Options of a client that meets a broker which comes and goes: it looks for it often.
thalweg::client::Properties patient_properties();
// And of a consumer: it soon finds a topic that is made later. `instance`, unless empty, makes the member a static one:
// started again it takes its place back at once, where the group would otherwise wait until the dead member's session
// has timed out.
thalweg::client::Properties consumer_properties(const std::string& instance);

// Runs the consumer that `make` opens until stopped; one that ends with an error is replaced after a pause.
void consume(std::stop_token stop, Problems& problems, const std::string& part,
             const std::function<Result<thalweg::client::Consumer>()>& make);

// For handlers whose only failures are the database's: tried for as long as it takes. What is retriable is never dead.
thalweg::client::RetryPolicy until_it_succeeds();

std::int64_t now_seconds();

}  // namespace examples
