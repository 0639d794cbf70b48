// Replays on TestDriver what Kafka Streams made of the same topologies and scripts (testdata/golden, recorded by
// tests/interop/streams-golden): describe(), the internal topics with their configs, and every record of every topic,
// step by step, as text against text.
// Scripts whose time goes forward, and all of topologies that know no time of their own, are replayed once more with a
// task that is dropped after every record and restored from its changelogs.
//
// Of a changelog only the last record of each key and step is compared, in any order: Kafka Streams writes every
// update, our stores one for each key and commit.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <utility>

#include "thalweg/streams/dsl.h"

namespace thalweg::streams {

struct Golden {
  std::string name;  // of the file, and of the topology in Topologies.java
  std::function<void(StreamsBuilder&)> make;
};
inline std::ostream& operator<<(std::ostream& out, const Golden& golden) { return out << golden.name; }

// Fails the test where anything is not as recorded, differences.h says otherwise apart.
void replay(const Golden& golden);

namespace golden {

using Maybe = std::optional<std::string>;

inline std::string text(const std::string& value) { return value; }
inline std::string text(std::int64_t value) { return std::to_string(value); }
template <class K>
std::string text(const Windowed<K>& key) {
  const auto ms = [](Timestamp time) { return std::to_string(time.time_since_epoch().count()); };
  return "[" + text(key.key) + "@" + ms(key.window.start) + "/" + ms(key.window.end) + "]";
}
template <class T>
Maybe maybe_text(const T& value) {
  if constexpr (detail::kIsOptional<T>)
    return value ? Maybe(text(*value)) : Maybe();
  else
    return text(value);
}
template <class K, class V>
std::pair<Maybe, Maybe> as_text(const K& key, const V& value) {
  return {maybe_text(key), maybe_text(value)};
}
// What tables and windows give, as text, to topic out.
template <class K, class V>
void out(const KStream<K, V>& stream) {
  stream.map(&as_text<K, V>).to("out");
}
inline KStream<Maybe, Maybe> stream(StreamsBuilder& builder, const std::string& topic) {
  return builder.stream<Maybe, Maybe>(topic);
}
inline KTable<std::string, std::string> table(StreamsBuilder& builder, const std::string& topic) {
  return builder.table<std::string, std::string>(topic);
}
// "x:1" is of group x; "-" is of none.
inline Maybe group(const std::string& value) {
  const std::string name = value.substr(0, value.find(':'));
  return name == "-" ? Maybe() : Maybe(name);
}

// Functions, not lambdas, where several topologies use the same: each lambda is a type, and costs its own nodes.
inline std::string inner(const std::string& x, const std::string& y) { return x + "+" + y; }
inline std::string left(const std::string& x, const Maybe& y) { return x + "+" + y.value_or("null"); }
inline std::string outer(const Maybe& x, const Maybe& y) { return x.value_or("null") + "+" + y.value_or("null"); }
inline std::string comma(const std::string& x, const std::string& y) { return x + "," + y; }
inline Maybe own_value(const Maybe& value) { return value; }

}  // namespace golden
}  // namespace thalweg::streams
