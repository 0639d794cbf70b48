// A Terminal of strings, and a way to run a tool on it without a cluster.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cli/tool.h"
#include "platform/testing.h"

namespace thalweg::cli {

class FakeTerminal : public Terminal {
 public:
  void out(std::string_view text) override {
    if (out_failure_text.empty()) out_text += text;
  }
  void err(std::string_view text) override { err_text += text; }
  bool flush() override { return out_failure_text.empty(); }
  std::string out_failure() const override { return out_failure_text; }
  Task<std::optional<std::string>> read_line() override {
    if (lines.empty()) co_return std::nullopt;
    std::string line = std::move(lines.front());
    lines.pop_front();
    co_return line;
  }
  void end_input() override { lines.clear(); }
  bool in_is_terminal() const override { return is_terminal; }
  bool out_is_terminal() const override { return is_terminal; }
  bool err_is_terminal() const override { return is_terminal; }
  std::optional<std::string> environment(std::string_view name) const override {
    const auto at = variables.find(name);
    if (at == variables.end()) return {};
    return at->second;
  }
  int columns() const override { return 80; }
  Result<std::string> read_file(const std::string& path) override {
    const auto at = files.find(path);
    if (at == files.end()) return fail(ErrorCode::kInvalidRequest, path + " (No such file or directory)");
    return at->second;
  }
  bool stop_wanted() const override { return false; }
  void on_stop(std::move_only_function<void()>) override {}

  std::string out_text, err_text;
  std::string out_failure_text;  // why nothing can be written
  std::deque<std::string> lines;
  std::map<std::string, std::string> files;
  std::map<std::string, std::string, std::less<>> variables;
  bool is_terminal = false;
};

// Takes connections and says one thing to whatever is said to it, or nothing; on the shard until it is stopped.
class Stranger {
 public:
  Stranger(const Shard& shard, std::string answer) : state_(std::make_shared<State>()) {
    auto listener = shard.network.listen({"127.0.0.1", 0});
    CHECK(listener);
    state_->listener = std::move(*listener);
    state_->answer = std::move(answer);
    endpoint = state_->listener->local();
    spawn(shard, accept(shard, state_));
  }
  ~Stranger() {
    state_->listener->close();
    for (const auto& connection : state_->connections) connection->close();
  }
  Endpoint endpoint;

 private:
  struct State {
    std::unique_ptr<Listener> listener;
    std::string answer;
    std::vector<ConnectionPtr> connections;
  };
  static Task<> accept(const Shard& shard, std::shared_ptr<State> state) {
    for (;;) {
      auto connection = co_await state->listener->accept();
      if (!connection) co_return;
      state->connections.push_back(*connection);
      spawn(shard, answer(*connection, state));
    }
  }
  static Task<> answer(ConnectionPtr connection, std::shared_ptr<State> state) {
    std::array<std::byte, 256> question;
    const auto read = co_await connection->read_some(question);
    if (!read || *read == 0 || state->answer.empty()) co_return;
    (void)co_await connection->write({SharedBytes::copy_of(state->answer)});
  }
  std::shared_ptr<State> state_;
};

struct Ran {
  int code = 0;
  std::string out, err;
};

// Runs the tool; nothing listens at the addresses it may be given.
inline Ran run_tool(Tool tool, Arguments arguments) {
  platform::TestShards shards;
  FakeTerminal terminal;
  Ran ran;
  ran.code = platform::run_on(shards[0], tool({shards[0], terminal}, std::move(arguments)));
  ran.out = terminal.out_text;
  ran.err = terminal.err_text;
  return ran;
}

}  // namespace thalweg::cli
