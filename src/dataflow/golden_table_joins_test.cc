// The topologies of tests/interop/streams-golden/TableJoins.java and Processors.java.
#include <gtest/gtest.h>

#include "dataflow/testing_golden.h"

namespace thalweg::streams::golden_table_joins {
namespace {

using golden::inner, golden::left, golden::Maybe, golden::out, golden::outer, golden::stream, golden::table;
using Text = std::string;

Maybe initial_or_key(const Maybe& key, const Maybe& value) {
  return !value || value->empty() ? key : Maybe(value->substr(0, 1));
}
Maybe initial(const Text& value) { return value.substr(0, 1); }
std::pair<Text, Text> turned(const Text& key, const Text& value) { return {value, key}; }

std::vector<Golden> of_streams() {
  return {
      {"stream_table_join",
       [](StreamsBuilder& b) {
         const auto s = stream(b, "s");
         out(s.join(table(b, "t"), inner));
       }},
      {"stream_table_left_join",
       [](StreamsBuilder& b) {
         const auto s = stream(b, "s");
         out(s.left_join(table(b, "t"), left));
       }},
      {"stream_table_join_named",
       [](StreamsBuilder& b) {
         const auto s = stream(b, "s");
         out(s.join(table(b, "t"), inner, {.name = "enrich"}));
       }},
      {"stream_table_join_rekeyed",
       [](StreamsBuilder& b) {
         const auto t = table(b, "t");
         out(stream(b, "s").select_key(initial_or_key).left_join(t, left));
       }},
      {"stream_mapped_table_join",
       [](StreamsBuilder& b) {
         const auto s = stream(b, "s");
         out(s.left_join(table(b, "t").map_values([](const Text& v) { return v + "!"; }).filter([](const Text& v) {
           return !v.starts_with("b");
         }),
                         left));
       }},
      {"stream_global_join",
       [](StreamsBuilder& b) {
         const auto t = b.global_table<Text, Text>("t");
         out(stream(b, "s").join(t, initial, inner));
       }},
      {"stream_global_left_join",
       [](StreamsBuilder& b) {
         const auto t = b.global_table<Text, Text>("t");
         out(stream(b, "s").left_join(t, initial, left));
       }},
  };
}

std::vector<Golden> of_tables() {
  return {
      {"table_join",
       [](StreamsBuilder& b) {
         const auto l = table(b, "l");
         out(l.join(table(b, "r"), inner).to_stream());
       }},
      {"table_left_join",
       [](StreamsBuilder& b) {
         const auto l = table(b, "l");
         out(l.left_join(table(b, "r"), left).to_stream());
       }},
      {"table_outer_join",
       [](StreamsBuilder& b) {
         const auto l = table(b, "l");
         out(l.outer_join(table(b, "r"), outer).to_stream());
       }},
      {"table_join_kept",
       [](StreamsBuilder& b) {
         const auto l = table(b, "l");
         out(l.join(table(b, "r"), inner, {.store = "joined"}, {"both"}).to_stream());
       }},
      {"table_outer_join_chain",
       [](StreamsBuilder& b) {
         const auto l = table(b, "l");
         const auto r = table(b, "r");
         const auto both = l.outer_join(r, outer);
         out(both.left_join(l.filter([](const Text& v) { return v != "1"; }), left).to_stream());
       }},
      {"table_join_then_count",
       [](StreamsBuilder& b) {
         const auto l = table(b, "l");
         out(l.left_join(table(b, "r"), left).group_by(turned).count().to_stream());
       }},
  };
}

// Lets the first record of a key through, and tells the time.
struct First : Processor<Maybe, Maybe, Maybe, Maybe> {
  KeyValueStore<Text, Text>* seen = nullptr;
  void init(Context& context) override {
    Processor::init(context);
    seen = &context.store<KeyValueStore<Text, Text>>("seen");
    tell("stream", 10ms, Clock::kStreamTime);
    tell("wall", 100ms, Clock::kWallClock);
  }
  void tell(const Text& key, milliseconds every, Clock clock) {
    context().schedule(every, clock, [this, key](Timestamp now) {
      context().forward({key, std::to_string(now.time_since_epoch().count()), now});
    });
  }
  void process(In record) override {
    if (!record.key) return;
    if (!record.value) return seen->put(*record.key, {});
    if (seen->put_if_absent(*record.key, *record.value)) return;
    *record.value += " is first";
    context().forward(std::move(record));
  }
};

std::vector<Golden> processors() {
  return {{"process", [](StreamsBuilder& b) {
             b.add_state_store(stores::key_value<Text, Text>("seen"));
             stream(b, "in").process([] { return std::make_unique<First>(); }, {"seen"}).to("out");
           }}};
}

class GoldenTableJoins : public testing::TestWithParam<Golden> {};
TEST_P(GoldenTableJoins, GiveWhatKafkaStreamsGives) { replay(GetParam()); }
INSTANTIATE_TEST_SUITE_P(OfStreams, GoldenTableJoins, testing::ValuesIn(of_streams()),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(OfTables, GoldenTableJoins, testing::ValuesIn(of_tables()),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Processors, GoldenTableJoins, testing::ValuesIn(processors()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace thalweg::streams::golden_table_joins
