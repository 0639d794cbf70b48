// The Processor API through TestDriver: what goes in, what comes out, and when. Where behaviours of Kafka Streams are
// meant, they are those that its TopologyTestDriver showed.
#include "thalweg/streams/test_driver.h"

#include <gtest/gtest.h>

namespace thalweg::streams {
namespace {

using Text = std::string;
using Maybe = std::optional<std::string>;

Timestamp at(std::int64_t ms) { return Timestamp(milliseconds(ms)); }

// "key=value@time" of all that was written to a topic.
std::vector<std::string> written(TestDriver& driver, const std::string& topic) {
  std::vector<std::string> lines;
  auto output = driver.output<Maybe, Maybe>(topic);
  while (!output.empty()) {
    const auto record = output.read();
    lines.push_back(record.key.value_or("null") + "=" + record.value.value_or("null") + "@" +
                    std::to_string(record.timestamp.time_since_epoch().count()));
  }
  return lines;
}
using Lines = std::vector<std::string>;

struct Upper : Processor<Text, Text, Text, Text> {
  void process(In record) override {
    for (char& c : record.value) c = static_cast<char>(std::toupper(c));
    context().forward(std::move(record));
  }
};

TEST(TestDriver, TakesARecordThroughAProcessorToATopic) {
  Topology topology;
  topology.add_source<Text, Text>("lines", {"lines"})
      .add_processor("upper", [] { return std::make_unique<Upper>(); }, {"lines"})
      .add_sink<Text, Text>("out", "upper-lines", {"upper"});
  TestDriver driver(topology);
  auto lines = driver.input<Text, Text>("lines");
  auto out = driver.output<Text, Text>("upper-lines");
  lines.pipe({.key = "a", .value = "hello", .timestamp = at(5), .headers = {{"h", "1"}}});
  const auto record = out.read();
  EXPECT_EQ(record.key, "a");
  EXPECT_EQ(record.value, "HELLO");
  EXPECT_EQ(record.timestamp, at(5));
  EXPECT_EQ(record.headers, (Headers{{"h", "1"}}));
  EXPECT_TRUE(out.empty());
  EXPECT_THROW(out.read(), std::out_of_range);
  EXPECT_THROW(driver.pipe_raw({.topic = "other"}), std::invalid_argument);
}

}  // namespace
}  // namespace thalweg::streams
