// The topologies by name. src/dataflow/golden_*_test.cc has each of them in C++, under the same name.
package org.apache.kafka.streams;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.*;

class Topologies {
  interface Make {
    void build(StreamsBuilder builder);
  }
  // `scripts`: the file in scripts/ whose scripts it is recorded with; "two 3": only its first three.
  record Recipe(String scripts, Make make) {}

  static final Serde<String> S = Serdes.String();
  static final Serde<Long> L = Serdes.Long();
  static final Map<String, Recipe> ALL = new LinkedHashMap<>();

  static void add(String name, String scripts, Make make) {
    if (ALL.put(name, new Recipe(scripts, make)) != null) throw new IllegalStateException(name + " is there twice");
  }

  // What tables and windows give, as text: a window is "[a@0/10]".
  static <K, V> void out(KStream<K, V> stream) {
    stream.map((k, v) -> KeyValue.pair(k == null ? null : "" + k, v == null ? null : "" + v)).to("out", Produced.with(S, S));
  }
  static KStream<String, String> stream(StreamsBuilder builder, String topic) {
    return builder.stream(topic, Consumed.with(S, S));
  }
  static KTable<String, String> table(StreamsBuilder builder, String topic) {
    return builder.table(topic, Consumed.with(S, S));
  }
  static KGroupedStream<String, String> grouped(StreamsBuilder builder) {
    return stream(builder, "in").groupByKey();
  }
  // "x:1" is of group x; "-" is of none.
  static String group(String value) {
    var name = value.split(":")[0];
    return name.equals("-") ? null : name;
  }

  static {
    Stateless.add();
    Aggregations.add();
    Windows.add();
    Suppressions.add();
    TableJoins.add();
    StreamJoins.add();
    ForeignKeys.add();
    Processors.add();
  }
}
