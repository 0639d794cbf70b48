#include "network/request_metrics.h"

#include <algorithm>

#include "metrics/families.h"

namespace thalweg::network {
namespace {

constexpr std::size_t kVersions = 32;
// Kafka's codes are -1, 0, 1, …; the last place is for what is none of them.
constexpr std::size_t kErrors = std::size_t(ErrorCode::kControllerIdNotRegistered) + 3;

std::uint64_t nanoseconds(Instant span) { return std::uint64_t(std::max<std::int64_t>(span.count(), 0)); }

}  // namespace

// Of one name of a request.
class RequestMetrics::Row {
 public:
  Row(Metrics& metrics, std::string name)
      : metrics_(metrics),
        name_(std::move(name)),
        total(metrics.histogram(family::kTotalTime, {name_})),
        local(metrics.histogram(family::kLocalTime, {name_})),
        remote(metrics.histogram(family::kRemoteTime, {name_})),
        queue(metrics.histogram(family::kResponseQueueTime, {name_})),
        send(metrics.histogram(family::kResponseSendTime, {name_})),
        request_bytes(metrics.histogram(family::kRequestBytes, {name_})),
        response_bytes(metrics.histogram(family::kResponseBytes, {name_})) {}

  void count_request(std::int16_t version) {
    const auto at = std::size_t(version);  // of ApiVersions it may be any number
    auto& counter = requests_[std::min(at, kVersions)];
    if (!counter)
      counter = &metrics_.counter(family::kRequests, {name_, at < kVersions ? std::to_string(version) : "unknown"});
    counter->add();
  }
  void count_error(ErrorCode code, std::uint32_t times) {
    auto& counter = errors_[std::min(std::size_t(static_cast<std::int16_t>(code) + 1), kErrors - 1)];
    if (!counter) counter = &metrics_.counter(family::kRequestErrors, {name_, std::string(thalweg::name(code))});
    counter->add(times);
  }

 private:
  Metrics& metrics_;
  const std::string name_;
  std::array<Counter*, kVersions + 1> requests_{};
  std::array<Counter*, kErrors> errors_{};

 public:
  Histogram &total, &local, &remote, &queue, &send, &request_bytes, &response_bytes;
};

RequestMetrics::RequestMetrics(Metrics& metrics) : metrics_(metrics), rows_(protocol::all_apis().size() + 2) {}
RequestMetrics::~RequestMetrics() = default;

template <class F>
void RequestMetrics::each_row(const Measured& request, F call) {
  const auto apis = protocol::all_apis();
  const auto with = [&](std::size_t at, std::string_view name) {
    if (!rows_[at]) rows_[at] = std::make_unique<Row>(metrics_, std::string(name));
    call(*rows_[at]);
  };
  with(std::size_t(request.api - apis.data()), request.api->name);
  if (request.api->key == protocol::ApiKey::kFetch)
    with(apis.size() + (request.is_follower ? 1 : 0), request.is_follower ? "FetchFollower" : "FetchConsumer");
}

void RequestMetrics::ready(const Measured& request, const Reply& reply) {
  const std::size_t response_bytes = reply.frame ? size_of(*reply.frame) : 0;
  const Instant waited = std::min(request.waited, request.handled - request.arrived);
  each_row(request, [&](Row& row) {
    row.count_request(request.version);
    reply.errors.for_each([&](ErrorCode code, std::uint32_t times) { row.count_error(code, times); });
    row.local.record(nanoseconds(request.handled - request.arrived - waited));
    row.remote.record(nanoseconds(request.ready - request.handled + waited));
    row.request_bytes.record(request.bytes);
    row.response_bytes.record(response_bytes);
  });
}

void RequestMetrics::sent(const Measured& request, Instant write_began, Instant write_ended) {
  each_row(request, [&](Row& row) {
    row.queue.record(nanoseconds(write_began - request.ready));
    row.send.record(nanoseconds(write_ended - write_began));
    row.total.record(nanoseconds(write_ended - request.arrived));
  });
}

}  // namespace thalweg::network
