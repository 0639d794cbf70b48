// Runs the conversations of testdata/lifecycle.txt.
#include "broker/lifecycle_machine.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace thalweg::broker {
namespace {
using namespace std::chrono_literals;

class Conversation {
 public:
  void say(const std::string& what) {
    std::istringstream words(what);
    std::string word, more;
    words >> word >> more;
    if (word.starts_with('+')) {
      now_ += std::chrono::milliseconds(std::stoi(word.substr(1)));
    } else if (word == "recovered") {
      machine_.recovered(now_);
    } else if (word == "registered") {
      machine_.on_registered(std::stoll(more), now_);
    } else if (word == "refused") {
      machine_.on_registered(fail(code_of(more), "refused"), now_);
    } else if (word == "beaten") {
      machine_.on_beat(LifecycleMachine::Beaten{.is_fenced = more == "fenced", .should_shut_down = more == "go"}, now_);
    } else if (word == "lost") {
      machine_.on_beat(fail(code_of(more), "lost"), now_);
    } else if (word == "published") {
      health_.published = Offset{std::stoll(more)};
    } else if (word == "here") {
      health_.registered_here = true;
    } else if (word == "losses") {
      health_.losses_told = more == "told";
    } else if (word == "others" || word == "alone") {
      health_.others = word == "others";
    } else if (word == "broken") {
      health_.applies_metadata = false;
    } else if (word == "hanging" || word == "answering") {
      health_.shards_answer = word == "answering";
    } else if (word == "drain") {
      machine_.begin_drain(now_);
    } else if (word == "give-up") {
      machine_.give_up_drain();
    } else {
      ADD_FAILURE() << "no such word: " << word;
    }
  }

  std::string hear() {
    const auto ask = machine_.on_tick(health_, now_);
    std::string text = std::string(name(machine_.state())) + ": ";
    if (std::holds_alternative<LifecycleMachine::Register>(ask.what)) return text + "register";
    if (const auto* beat = std::get_if<LifecycleMachine::Beat>(&ask.what))
      return text + "beat" + (beat->want_fence ? " fence" : "") + (beat->want_shut_down ? " shutdown" : "");
    text += "nothing";
    return ask.again ? text + " until " + std::to_string((*ask.again - now_) / 1ms) : text;
  }

 private:
  static ErrorCode code_of(const std::string& wanted) {
    for (std::int16_t code = -1; code < 140; ++code)
      if (name(static_cast<ErrorCode>(code)) == wanted) return static_cast<ErrorCode>(code);
    ADD_FAILURE() << "no such error: " << wanted;
    return ErrorCode::kUnknownServerError;
  }

  LifecycleMachine machine_{2000ms};
  LifecycleMachine::Health health_;
  Instant now_{1h};
};

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

TEST(LifecycleMachine, Conversations) {
  const std::string path = TESTDATA "/lifecycle.txt";
  std::ifstream file(path);
  ASSERT_TRUE(file) << path;
  std::optional<Conversation> conversation;
  int number = 0, conversations = 0;
  for (std::string line; std::getline(file, line);) {
    SCOPED_TRACE(path + ":" + std::to_string(++number) + ": " + line);
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("==")) {
      conversation.emplace();
      ++conversations;
      continue;
    }
    ASSERT_TRUE(conversation);
    const auto arrow = line.find("->");
    conversation->say(trimmed(line.substr(0, arrow)));
    if (arrow != line.npos) {
      EXPECT_EQ(conversation->hear(), trimmed(line.substr(arrow + 2)));
    }
  }
  EXPECT_GE(conversations, 10);
}

// Counted from when the beat was sent: the controller cannot have heard it earlier.
TEST(LifecycleMachine, IsSureOfWhatItLeadsForLessThanTheControllersPatience) {
  LifecycleMachine machine(2s, 800ms);
  LifecycleMachine::Health health{.registered_here = true, .others = true};
  machine.recovered(1h);
  machine.on_tick(health, 1h);
  machine.on_registered(17, 1h);
  machine.on_tick(health, 1h);
  machine.on_beat(LifecycleMachine::Beaten{.is_fenced = false}, 1h + 100ms);
  EXPECT_EQ(machine.sure_until(), 1h + 700ms);
  machine.on_tick(health, 1h + 160ms);
  machine.on_beat(fail(ErrorCode::kRequestTimedOut, "lost"), 1h + 500ms);
  EXPECT_EQ(machine.sure_until(), 1h + 700ms);
  health.others = false;
  machine.on_tick(health, 1h + 600ms);
  machine.on_beat(LifecycleMachine::Beaten{.is_fenced = false}, 1h + 601ms);
  EXPECT_EQ(machine.sure_until(), Instant::max()) << "a lone broker beats rarely, and nobody else can lead";
}

}  // namespace
}  // namespace thalweg::broker
