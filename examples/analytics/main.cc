// The guide's chapter "Real-time Analytics". What is counted, and why exactly once: counts.h.
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include "counts.h"
#include "service/status.h"

namespace analytics {
namespace {

using namespace std::chrono_literals;
using examples::Figures;
using examples::Options;
using examples::Status;

const char* const kAbout =
    "analytics: registrations, logins and purchases per day, counted from user-events into a database. The offsets\n"
    "lie beside the counts and are written with them, so a crash neither loses an event nor counts one twice.";
const char* const kExamples =
    "  analytics --brokers localhost:9092 --database counts.db --http 9402\n"
    "  analytics --database mysql://analytics:secret@localhost/analytics\n"
    "  analytics --database counts.db --output json | jq .logins_per_second\n";

constexpr int kOffsetGone = -140;  // librdkafka's _AUTO_OFFSET_RESET

Options options() {
  std::vector<examples::Option> list{
      {"--brokers", "HOST:PORT,...", "brokers to connect to first", "localhost:9092"},
      {"--database", "FILE|URL", "a file, or mysql://user:password@host:port/database", "analytics.db"},
      {"--topic", "NAME", "what is counted", "user-events"},
      {"--group", "NAME", "instances of one group share the partitions", "analytics"},
      {"--instance", "NAME", "a static member: a restart takes its partitions back at once"},
      {"--at-least-once", "", "offsets in the group, as the guide does: counts twice after a crash"},
  };
  for (auto& option : Status::options()) list.push_back(option);
  return {kAbout, kExamples, std::move(list)};
}

class Service {
 public:
  Service(const Options& options, Database& database)
      : options_(options),
        exact_(!options.is_set("--at-least-once")),
        counts_(database, exact_ ? Offsets::kWithCounts : Offsets::kInTheGroup),
        database_(database) {}

  Result<thalweg::client::Consumer> consumer() {
    auto consumer = thalweg::client::Consumer::open(
        {.brokers = options_.text("--brokers"),
         .group = options_.text("--group"),
         // What was deleted before it was counted must not be passed over in silence.
         .reset = exact_ ? thalweg::client::OffsetReset::kFail : thalweg::client::OffsetReset::kEarliest,
         .workers = 1,  // there is one connection to the database
         .commit_interval = 1s,
         .session_timeout = 10s,
         .metrics = metrics,
         .on_error = [this](const examples::Error& error) { on_error(error); },
         .properties = examples::consumer_properties(options_.text("--instance"))});
    if (!consumer) return consumer;
    consumer->on_batch(options_.text("--topic"), [this](std::span<const Record> batch) { return count(batch); },
                       {.count = 1000, .bytes = 4 << 20, .age = 50ms});
    consumer->retry(examples::until_it_succeeds());
    if (exact_) consumer->offsets_from([this](const TopicPartition& where) { return begin(where); });
    return consumer;
  }

  Result<Figures> look() {
    auto row = database_.query(
        "SELECT (SELECT SUM(count) FROM daily_registrations), (SELECT SUM(count) FROM daily_logins), (SELECT "
        "SUM(count) FROM daily_purchases), (SELECT COUNT(*) FROM uncounted)");
    if (!row) return std::unexpected(row.error());
    return Figures{{"registrations", row->number(0)},
                   {"logins", row->number(1)},
                   {"purchases", row->number(2)},
                   {"uncounted", row->number(3), false},
                   {"lag", lag(), false}};
  }

  thalweg::client::Metrics metrics;
  examples::Problems problems;
  std::atomic<bool> offset_gone = false;
  std::function<void()> stop;  // set before the first consumer

 private:
  Result<> count(std::span<const Record> batch) { return problems.note("counting", counts_.add(batch)); }

  std::optional<std::int64_t> begin(const TopicPartition& where) {
    const auto next = counts_.next_offset(where);
    if (!next) throw std::runtime_error(next.error().message);  // ends the consumer; another one is tried after a pause
    return next->value_or(thalweg::client::kFromEarliest);
  }

  void on_error(const examples::Error& error) {
    problems.say("consumer", error.message);
    if (error.code != kOffsetGone) return;
    problems.set("offsets",
                 "the topic no longer has the next record to be counted: it was deleted before it was "
                 "counted, or the topic was made anew. Counts would be wrong from here on. To go on with "
                 "what there is, DELETE FROM next_offsets in " +
                     database_.name());
    offset_gone = true;
    stop();
  }

  // As the toolkit's own metrics have it: of all partitions that this instance reads.
  std::int64_t lag() const {
    const std::string text = metrics.text();
    std::int64_t sum = 0;
    for (auto at = text.find("\nkafka_consumer_lag{"); at != std::string::npos;
         at = text.find("\nkafka_consumer_lag{", at + 1))
      sum += std::atoll(text.c_str() + text.find("} ", at) + 2);
    return sum;
  }

  const Options& options_;
  const bool exact_;
  Counts counts_;
  Database& database_;
};

int run(const Options& options) {
  examples::StopOnSignal signals;
  auto database = Database::open(options.text("--database"), Counts::schema);
  if (!database) options.mistake(database.error().message);
  Service service(options, **database);
  service.stop = [&] { signals.stop(); };
  Status status("analytics", [&] { return service.look(); }, service.problems);
  if (options.is_set("--http")) {
    auto ok = status.serve(options.text("--http"), service.metrics,
                           {.brokers = options.text("--brokers"), .topics = {options.text("--topic")}});
    if (!ok) options.mistake(ok.error().message);
  }
  const std::jthread consuming(
      [&] { examples::consume(signals.token(), service.problems, "consumer", [&] { return service.consumer(); }); });
  status.run(signals.token(), options.text("--output"));
  return service.offset_gone ? 1 : 0;
}

}  // namespace
}  // namespace analytics

int main(int argc, char** argv) {
  auto options = analytics::options();
  options.parse(argc, argv);
  return analytics::run(options);
}
