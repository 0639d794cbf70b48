// Ctrl-C and SIGTERM end what runs with the token; another one, when it is asked to stop already, ends the process.
#pragma once

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <stop_token>
#include <thread>

namespace example {

// Make it first in main(): threads that are started later inherit that these signals are blocked, so that only the
// thread in here gets them, and it may do what a signal handler may not.
class StopOnSignal {
 public:
  StopOnSignal() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGINT);
    sigaddset(&signals_, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    waiter_ = std::jthread([this](std::stop_token over) { wait(over); });
  }
  ~StopOnSignal() {
    waiter_.request_stop();
    pthread_kill(waiter_.native_handle(), SIGTERM);  // it sleeps in sigwait(); joined after this line
  }
  StopOnSignal(const StopOnSignal&) = delete;
  StopOnSignal& operator=(const StopOnSignal&) = delete;

  std::stop_token token() const { return stop_.get_token(); }
  void stop() { stop_.request_stop(); }

 private:
  void wait(const std::stop_token& over) {
    for (int number = 0; sigwait(&signals_, &number) == 0 && !over.stop_requested();)
      if (!stop_.request_stop()) _exit(128 + number);
  }
  sigset_t signals_{};
  std::stop_source stop_;
  std::jthread waiter_;
};

}  // namespace example
