// What App stands on: the threads of an application and what they share.
#pragma once

#include <condition_variable>
#include <mutex>

#include "streams/global_stores.h"
#include "streams/stream_thread.h"
#include "thalweg/streams/app.h"

namespace thalweg::streams::detail {

class AppCore {
 public:
  static Result<std::unique_ptr<AppCore>> open(const Topology& topology, AppConfig config);

  Result<> run(const std::stop_token& stop);
  State state() const { return state_; }
  Result<> ask(const std::string& store, const std::function<bool(StoreBase&)>& look);
  std::vector<std::pair<TaskId, std::int64_t>> lags() const;
  std::string metrics() const;
  std::function<void(State, State)> on_state;

 private:
  AppCore() = default;
  Result<> prepare(const std::stop_token& stop);
  Result<> start_and_watch(const std::stop_token& stop);
  void wait_for_end(const std::stop_token& stop);
  void become(State state);
  State state_of_threads() const;
  std::vector<StreamThread*> threads() const;
  void end_with(const Result<>& result);

  Shared shared_;
  std::atomic<State> state_{State::kCreated};
  std::atomic<bool> ran_{false};
  std::unique_ptr<Cluster> cluster_;
  std::optional<StateDir> state_dir_;
  std::unique_ptr<GlobalStores> globals_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<StreamThread>> threads_;
  std::optional<Error> error_;
  std::size_t ended_ = 0;
  bool dirty_ = false;
};

}  // namespace thalweg::streams::detail
