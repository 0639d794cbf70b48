// What an application has done, as Prometheus reads it. Names are Kafka Streams' metrics with underscores.
#include <cinttypes>
#include <cstdio>

#include "streams/app_core.h"

namespace thalweg::streams::detail {
namespace {

class Text {
 public:
  explicit Text(std::string application) : application_(std::move(application)) {}
  void family(const char* name, const char* type, const char* help) {
    name_ = name;
    text_ += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
  }
  void row(const std::string& labels, double value) {
    char number[40];
    std::snprintf(number, sizeof number, "%.15g", value);
    text_ += name_ + "{application_id=\"" + application_ + "\"" + (labels.empty() ? "" : "," + labels) + "} " + number +
             "\n";
  }
  std::string take() { return std::move(text_); }

 private:
  std::string application_, name_, text_;
};

struct OfThread {
  const char* name;
  const char* help;
  std::atomic<std::uint64_t> Counts::* count;
};

const OfThread kOfThreads[] = {
    {"thalweg_streams_process_total", "Records that tasks have processed.", &Counts::processed},
    {"thalweg_streams_send_total", "Records that were sent, changelogs with them.", &Counts::sent},
    {"thalweg_streams_dropped_records_total", "Records that operations left out, of tasks that are closed.",
     &Counts::dropped},
    {"thalweg_streams_dead_letters_total", "Records that were written to the dead letter topic.",
     &Counts::dead_letters},
    {"thalweg_streams_restore_total", "Records that were read from changelogs.", &Counts::restored},
    {"thalweg_streams_commit_total", "Commits.", &Counts::commits},
    {"thalweg_streams_commit_failed_total", "Steps of commits that failed.", &Counts::failed_commits},
    {"thalweg_streams_rebalance_total", "Assignments and revocations.", &Counts::rebalances},
};

}  // namespace

std::string AppCore::metrics() const {
  Text text(shared_.config.application_id);
  const auto all = threads();
  for (const auto& one : kOfThreads) {
    text.family(one.name, "counter", one.help);
    for (std::size_t i = 0; i < all.size(); ++i)
      text.row("thread=\"" + std::to_string(i + 1) + "\"", static_cast<double>((all[i]->counts().*one.count).load()));
  }
  text.family("thalweg_streams_commit_seconds_total", "counter", "Time that commits took.");
  for (std::size_t i = 0; i < all.size(); ++i)
    text.row("thread=\"" + std::to_string(i + 1) + "\"", static_cast<double>(all[i]->counts().commit_us.load()) / 1e6);
  text.family("thalweg_streams_tasks", "gauge", "Tasks that are here.");
  for (std::size_t i = 0; i < all.size(); ++i)
    text.row("thread=\"" + std::to_string(i + 1) + "\"", static_cast<double>(all[i]->counts().tasks.load()));
  text.family("thalweg_streams_task_lag", "gauge", "Records in front of a task, as far as it has heard.");
  for (const auto& [task, lag] : lags()) text.row("task=\"" + to_string(task) + "\"", static_cast<double>(lag));
  text.family("thalweg_streams_state", "gauge", "1 for the state that the application is in.");
  for (int state = 0; state <= static_cast<int>(State::kError); ++state)
    text.row("state=\"" + std::string(to_string(static_cast<State>(state))) + "\"",
             static_cast<State>(state) == state_ ? 1 : 0);
  return text.take();
}

}  // namespace thalweg::streams::detail
