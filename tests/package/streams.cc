// A topology of a program outside the tree: tested without a broker, then opened, which asks nobody either.
#include <thalweg/streams.h>

#include <cstdio>
using namespace thalweg::streams;
int main() {
  StreamsBuilder builder;
  builder.stream<std::string, std::string>("orders")
      .group_by_key()
      .windowed_by(TimeWindows::of(1min, 10s))
      .count({.store = "counts"})
      .suppress(Suppressed::until_window_closes())
      .to_stream()
      .not_null()
      .map([](const Windowed<std::string>& window, std::int64_t count) { return std::pair(window.key, count); })
      .to("per-minute");
  auto topology = builder.build();
  if (!topology) return std::fprintf(stderr, "%s\n", topology.error().message.c_str()), 1;
  TestDriver driver(*topology);
  auto orders = driver.input<std::string, std::string>("orders");
  auto counts = driver.output<std::string, std::int64_t>("per-minute");
  orders.pipe("ann", "tea", Timestamp(0s));
  orders.pipe("ann", "milk", Timestamp(59s));
  orders.pipe("bob", "tea", Timestamp(70s));
  const auto closed = counts.read();
  if (closed.key != "ann" || closed.value != 2 || !counts.empty()) return 2;
  auto app = App::open(
      *topology, {.application_id = "package-test", .state_dir = "/tmp", .properties = {{"comit.interval.ms", "5"}}});
  if (app || app.error().message.find("commit.interval.ms") == std::string::npos) return 3;
  std::printf("%s has %lld\n", closed.key.c_str(), static_cast<long long>(closed.value));
}
