package org.apache.kafka.streams;

import static org.apache.kafka.streams.Topologies.*;

import java.util.Arrays;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.KeyValueStore;

class Aggregations {
  static <V> Materialized<String, V, KeyValueStore<Bytes, byte[]>> store(String name, org.apache.kafka.common.serialization.Serde<V> values) {
    return Materialized.<String, V, KeyValueStore<Bytes, byte[]>>as(name).withKeySerde(S).withValueSerde(values);
  }

  static void add() {
    streams();
    tables();
  }

  private static void streams() {
    Topologies.add("word_count", "one", b -> stream(b, "in").filter((k, v) -> v != null)
        .flatMapValues(v -> Arrays.asList(v.split(" "))).groupBy((k, v) -> v, Grouped.with(S, S)).count(store("counts", L))
        .toStream().to("out", Produced.with(S, L)));
    Topologies.add("count", "one", b -> out(grouped(b).count().toStream()));
    Topologies.add("count_named", "one 3", b -> out(stream(b, "in").groupBy((k, v) -> v, Grouped.<String, String>as("by-value").withKeySerde(S).withValueSerde(S))
        .count(Named.as("number"), store("numbers", L)).toStream(Named.as("changes"))));
    Topologies.add("count_without_log", "one 3", b -> out(grouped(b).count(Materialized.<String, Long, KeyValueStore<Bytes, byte[]>>as("quiet").withLoggingDisabled()).toStream()));
    Topologies.add("reduce", "one", b -> out(grouped(b).reduce((x, y) -> x + "," + y).toStream()));
    Topologies.add("aggregate", "one", b -> out(grouped(b).aggregate(() -> "", (k, v, sum) -> v.startsWith("drop") ? null : sum + v, Materialized.with(S, S)).toStream()));
    Topologies.add("cogroup", "two", b -> out(stream(b, "l").groupByKey().<String>cogroup((k, v, sum) -> sum + "l" + v)
        .cogroup(stream(b, "r").groupBy((k, v) -> k, Grouped.with(S, S)), (k, v, sum) -> sum + "r" + v).aggregate(() -> "", Materialized.with(S, S)).toStream()));
    Topologies.add("two_of_one_rekeyed", "one 3", b -> {
      var in = stream(b, "in").selectKey((k, v) -> v);
      out(in.groupByKey().count().toStream());
      out(in.groupByKey().reduce((x, y) -> y).toStream());
    });
  }

  private static void tables() {
    Topologies.add("table", "one", b -> out(table(b, "in").toStream()));
    Topologies.add("table_named", "one 3", b -> out(b.table("in", Consumed.with(S, S).withName("rows"), store("kept", S)).toStream()));
    Topologies.add("table_filter", "one", b -> out(table(b, "in").filter((k, v) -> !v.equals("drop")).filterNot((k, v) -> v.startsWith("2")).toStream()));
    Topologies.add("table_filter_kept", "one", b -> out(table(b, "in").filter((k, v) -> !v.equals("drop"), store("kept", S)).toStream()));
    Topologies.add("table_map_values", "one", b -> out(table(b, "in").mapValues(v -> v + "!").toStream()));
    Topologies.add("table_map_values_kept", "one", b -> out(table(b, "in").mapValues((k, v) -> v + "!", store("kept", S)).filter((k, v) -> !v.startsWith("drop")).toStream()));
    Topologies.add("table_count", "groups", b -> out(table(b, "t").groupBy((k, v) -> KeyValue.pair(group(v), v), Grouped.with(S, S)).count().toStream()));
    Topologies.add("table_reduce", "groups", b -> out(table(b, "t").groupBy((k, v) -> KeyValue.pair(group(v), v), Grouped.with(S, S))
        .reduce((x, y) -> x + "+" + y, (x, y) -> x + "-" + y).toStream()));
    Topologies.add("table_aggregate", "groups", b -> out(table(b, "t").groupBy((k, v) -> KeyValue.pair(group(v), v), Grouped.<String, String>as("regroup").withKeySerde(S).withValueSerde(S))
        .aggregate(() -> "", (k, v, sum) -> sum + "+" + v, (k, v, sum) -> sum + "-" + v, Named.as("sum"), store("sums", S)).toStream()));
    Topologies.add("table_filter_then_count", "groups", b -> out(table(b, "t").filter((k, v) -> !v.endsWith("0")).mapValues(v -> v + "!")
        .groupBy((k, v) -> KeyValue.pair(group(v), v), Grouped.with(S, S)).count().filter((k, v) -> v > 1).toStream()));
  }
}
