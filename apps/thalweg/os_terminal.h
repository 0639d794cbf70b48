// The process's own streams and signals as a cli::Terminal. Owner: shard 0 of the threads that the tool runs on.
#pragma once

#include <memory>
#include <vector>

#include "cli/terminal.h"
#include "platform/blocking_pool.h"
#include "platform/shard_threads.h"
#include "runtime/signal.h"

namespace thalweg {

// Keeps the places of standard streams that the parent closed, so that no file or connection of ours gets their numbers
// and receives what was meant for them; using them fails as it should. Called before anything is opened.
void hold_standard_streams();

class OsTerminal : public cli::Terminal {
 public:
  explicit OsTerminal(const Shard& shard);

  void out(std::string_view text) override;
  void err(std::string_view text) override;
  bool flush() override;
  std::string out_failure() const override;
  Task<std::optional<std::string>> read_line() override;
  void end_input() override;
  bool in_is_terminal() const override;
  bool out_is_terminal() const override;
  bool err_is_terminal() const override;
  std::optional<std::string> environment(std::string_view name) const override;
  int columns() const override;
  Result<std::string> read_file(const std::string& path) override;
  bool stop_wanted() const override { return stop_wanted_; }
  void on_stop(std::move_only_function<void()> call) override;

  // Called on the shard when a signal came. False when nothing that the tool does would notice.
  bool stop();

 private:
  Task<> read_more();
  std::optional<std::string> take_line();

  const Shard& shard_;
  // Alone with standard input, since a read there may last for ever.
  platform::BlockingPool reader_{1};
  std::string held_back_;
  int out_error_ = 0;  // of the first write that failed; nothing is written after it
  std::string unread_;
  std::size_t searched_ = 0;  // no line ends before this place of unread_
  bool reading_ = false;
  bool in_ended_ = false;
  Signal changed_;
  bool waiting_for_line_ = false;
  bool stop_wanted_ = false;
  std::vector<std::move_only_function<void()>> on_stop_;
};

}  // namespace thalweg
