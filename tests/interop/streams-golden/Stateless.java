package org.apache.kafka.streams;

import static org.apache.kafka.streams.Topologies.*;

import java.util.Arrays;
import java.util.List;
import org.apache.kafka.streams.kstream.*;

class Stateless {
  static void add() {
    Topologies.add("filter_and_map", "one", b -> stream(b, "in")
        .filter((k, v) -> v != null && !v.equals("drop"))
        .filterNot((k, v) -> v.isEmpty())
        .mapValues(v -> v + "!")
        .map((k, v) -> KeyValue.pair(v, k))
        .peek((k, v) -> {})
        .to("out", Produced.with(S, S)));
    Topologies.add("filter_and_map_named", "one 3", b -> b.stream("in", Consumed.with(S, S).withName("source"))
        .filter((k, v) -> v != null, Named.as("present"))
        .mapValues(v -> v + "!", Named.as("loud"))
        .selectKey((k, v) -> v, Named.as("rekey"))
        .peek((k, v) -> {}, Named.as("look"))
        .to("out", Produced.<String, String>as("sink").withKeySerde(S).withValueSerde(S)));
    Topologies.add("flat_map", "one", b -> {
      var in = stream(b, "in").filter((k, v) -> v != null);
      in.flatMapValues(v -> Arrays.asList(v.split(" "))).to("words", Produced.with(S, S));
      in.flatMap((k, v) -> List.of(KeyValue.pair(v, k), KeyValue.pair(v + v, k))).to("pairs", Produced.with(S, S));
      in.foreach((k, v) -> {});
    });
    Topologies.add("split", "one", b -> {
      var parts = stream(b, "in").split(Named.as("by-"))
          .branch((k, v) -> v == null, Branched.as("null"))
          .branch((k, v) -> v.startsWith("1"))
          .defaultBranch();
      parts.get("by-null").to("nulls", Produced.with(S, S));
      parts.get("by-2").to("ones", Produced.with(S, S));
      parts.get("by-0").to("rest", Produced.with(S, S));
    });
    Topologies.add("split_without_rest", "one", b -> stream(b, "in").split()
        .branch((k, v) -> v != null, Branched.withConsumer(s -> s.to("out", Produced.with(S, S))))
        .noDefaultBranch());
    Topologies.add("merge", "two", b -> stream(b, "l").merge(stream(b, "r").mapValues(v -> v == null ? "none" : v)).to("out", Produced.with(S, S)));
    Topologies.add("merge_named", "two 3", b -> stream(b, "l").merge(stream(b, "r"), Named.as("both")).to("out", Produced.with(S, S)));
    Topologies.add("several_topics", "two 3", b -> b.stream(List.of("l", "r"), Consumed.with(S, S)).to("out", Produced.with(S, S)));
    Topologies.add("same_topic_twice", "one 3", b -> {
      stream(b, "in").mapValues(v -> v + "1").to("out", Produced.with(S, S));
      stream(b, "in").mapValues(v -> v + "2").to("out2", Produced.with(S, S));
    });
    Topologies.add("topic_by_record", "one", b -> stream(b, "in").filter((k, v) -> v != null).to((k, v, c) -> v.startsWith("1") ? "ones" : "rest", Produced.with(S, S)));
    Topologies.add("repartition", "one", b -> {
      var in = stream(b, "in").map((k, v) -> KeyValue.pair(v, k));
      in.repartition(Repartitioned.with(S, S)).to("out", Produced.with(S, S));
      in.repartition(Repartitioned.<String, String>as("named").withKeySerde(S).withValueSerde(S)).to("out2", Produced.with(S, S));
      in.repartition(Repartitioned.<String, String>as("three").withKeySerde(S).withValueSerde(S).withNumberOfPartitions(3)).mapValues(v -> v + "").to("out3", Produced.with(S, S));
    });
    Topologies.add("to_table", "one", b -> out(stream(b, "in").toTable(Materialized.with(S, S)).toStream()));
    Topologies.add("to_table_rekeyed", "one", b -> out(stream(b, "in").selectKey((k, v) -> v).toTable(Materialized.with(S, S)).toStream()));
    Topologies.add("to_table_named", "one 3", b -> out(stream(b, "in").selectKey((k, v) -> v).toTable(Named.as("rows"), Materialized.<String, String, org.apache.kafka.streams.state.KeyValueStore<org.apache.kafka.common.utils.Bytes, byte[]>>as("rows-store").withKeySerde(S).withValueSerde(S)).toStream(Named.as("back"))));
  }
}
