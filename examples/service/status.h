// What a service shows of itself: a line a second, as text or JSON, and the same figures over HTTP.
#pragma once

#include <cstdint>
#include <optional>

#include "service/options.h"
#include "service/service.h"
#include "thalweg/client/health.h"

namespace examples {

struct Figure {
  std::string name;  // "orders"; with "_" for spaces
  std::int64_t value = 0;
  bool counts_up = true;  // shown with its rate
};
using Figures = std::vector<Figure>;

class Status {
 public:
  // `look` gathers the figures. It is called once a second by run(), and may fail while the database is away: then the
  // figures of the last time are shown.
  Status(std::string program, std::function<Result<Figures>()> look, Problems& problems);

  // GET /metrics, /status (JSON) and /health. `address` is a port of this machine, or ADDRESS:PORT.
  Result<> serve(const std::string& address, thalweg::client::Metrics metrics, thalweg::client::HealthConfig health);
  // A line a second until stopped, and one at the end. `output`: text, json, or none.
  void run(std::stop_token stop, const std::string& output);

  // The options that go with it: --http, --output.
  static std::vector<Option> options();

 private:
  void sample();
  std::string line() const;
  std::string json() const;
  std::string metrics_text() const;

  const std::string program_;
  const std::function<Result<Figures>()> look_;
  Problems& problems_;
  mutable std::mutex mutex_;
  Figures last_;
  std::vector<double> rates_;
  std::chrono::steady_clock::time_point sampled_at_{};
  std::optional<thalweg::client::HttpEndpoint> http_;  // last: it asks all of the above
};

}  // namespace examples
