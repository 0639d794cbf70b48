#include "service/status.h"

#include <cmath>
#include <cstdio>

#include "thalweg/client/json.h"

namespace examples {

using thalweg::client::Json;

Status::Status(std::string program, std::function<Result<Figures>()> look, Problems& problems)
    : program_(std::move(program)), look_(std::move(look)), problems_(problems) {}

std::vector<Option> Status::options() {
  return {{"--http", "PORT", "serve /metrics, /status and /health on this port, or on ADDRESS:PORT"},
          {"--output", "FORMAT", "a line a second as text or json, or none", "text"}};
}

Result<> Status::serve(const std::string& address, thalweg::client::Metrics metrics,
                       thalweg::client::HealthConfig health) {
  auto http =
      thalweg::client::HttpEndpoint::listen(address.find(':') == std::string::npos ? "127.0.0.1:" + address : address);
  if (!http) return std::unexpected(http.error());
  health.own_problems = [this] { return problems_.list(); };
  http->page("/metrics", "text/plain; version=0.0.4; charset=utf-8",
             [this, metrics] { return metrics.text() + metrics_text(); })
      .page("/status", "application/json", [this] { return json() + "\n"; })
      .health(thalweg::client::HealthChecker(std::move(health)));
  http_ = *std::move(http);
  return {};
}

void Status::sample() {
  auto figures = look_();
  if (!problems_.note("database", thalweg::client::status(figures))) return;
  const auto now = std::chrono::steady_clock::now();
  const std::lock_guard lock(mutex_);
  const double seconds = std::chrono::duration<double>(now - sampled_at_).count();
  rates_.assign(figures->size(), 0);
  for (std::size_t i = 0; i < figures->size() && i < last_.size(); ++i)
    rates_[i] = static_cast<double>((*figures)[i].value - last_[i].value) / seconds;
  last_ = *std::move(figures);
  sampled_at_ = now;
}

void Status::run(std::stop_token stop, const std::string& output) {
  for (bool more = true; more;) {
    more = !stop.stop_requested();
    sample();
    if (output == "text") std::puts(line().c_str());
    if (output == "json") std::puts(json().c_str());
    std::fflush(stdout);
    if (more) wait(stop, 1s);
  }
}

std::string Status::line() const {
  const auto problems = problems_.list();
  const std::lock_guard lock(mutex_);
  std::string text = program_;
  for (std::size_t i = 0; i < last_.size(); ++i) {
    text += "  " + last_[i].name + " " + std::to_string(last_[i].value);
    if (last_[i].counts_up) text += " (" + std::to_string(std::lround(rates_[i])) + "/s)";
  }
  if (!problems.empty()) text += "  PROBLEMS " + std::to_string(problems.size());
  return text;
}

std::string Status::json() const {
  Json json{{"program", program_}, {"problems", problems_.list()}};
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < last_.size(); ++i) {
    json[last_[i].name] = last_[i].value;
    if (last_[i].counts_up) json[last_[i].name + "_per_second"] = std::round(rates_[i] * 10) / 10;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Status::metrics_text() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const auto& figure : last_) {
    const std::string name = program_ + "_" + figure.name + (figure.counts_up ? "_total" : "");
    text += "# HELP " + name + " As in the status line of " + program_ + ".\n# TYPE " + name +
            (figure.counts_up ? " counter\n" : " gauge\n") + name + " " + std::to_string(figure.value) + "\n";
  }
  return text;
}

}  // namespace examples
