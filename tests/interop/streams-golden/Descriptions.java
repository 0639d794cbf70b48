// Prints Topology.describe() of topologies that are made for their names and numbers: src/dataflow/topologies_test.cc
// makes the same. They do not run.
package org.apache.kafka.streams;

import java.time.Duration;
import java.util.Arrays;
import java.util.Properties;
import java.util.function.Consumer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.Stores;

public class Descriptions {
  static final Serde<String> S = Serdes.String();
  static final Serde<Long> L = Serdes.Long();

  static void show(String title, Consumer<StreamsBuilder> make, String... properties) {
    var builder = new StreamsBuilder();
    make.accept(builder);
    var all = new Properties();
    all.put("application.id", "app");
    all.put("bootstrap.servers", "x:1");
    all.put("default.key.serde", Serdes.StringSerde.class.getName());
    all.put("default.value.serde", Serdes.StringSerde.class.getName());
    for (int i = 0; i < properties.length; i += 2) all.put(properties[i], properties[i + 1]);
    System.out.println("== " + title);
    System.out.print(builder.build(all).describe());
  }
  static KStream<String, String> in(StreamsBuilder b, String topic) { return b.stream(topic); }
  static KTable<String, String> rows(StreamsBuilder b, String topic) { return b.table(topic); }
  static String value(String key, String value) { return value; }
  static class Nothing extends ContextualProcessor<String, String, String, String> {
    @Override public void process(Record<String, String> record) {}
  }

  public static void main(String[] arguments) {
    words();
    joins();
    tables();
    optimized();
    shapes();
    windows();
  }

  static void windows() {
    show("windowed count + suppress", b -> in(b, "clicks").groupByKey().windowedBy(TimeWindows.ofSizeAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(5))).count()
        .suppress(Suppressed.untilWindowCloses(Suppressed.BufferConfig.unbounded())).toStream().to("out", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10000), L)));
    show("session aggregate, sliding reduce", b -> {
      in(b, "in").groupByKey().windowedBy(SessionWindows.ofInactivityGapAndGrace(Duration.ofSeconds(5), Duration.ofSeconds(1)))
          .aggregate(() -> "", (k, v, g) -> g + v, (k, x, y) -> x + y, Materialized.with(S, S));
      in(b, "in2").groupByKey().windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(Duration.ofSeconds(5))).reduce((x, y) -> x + y);
    });
    show("fk join", b -> {
      var customers = rows(b, "customers");
      rows(b, "orders").join(customers, v -> v, (x, y) -> x + y).toStream().to("enriched");
    });
    var around = JoinWindows.ofTimeDifferenceAndGrace(Duration.ofSeconds(10), Duration.ofSeconds(2));
    show("stream-stream left join", b -> in(b, "l").leftJoin(in(b, "r"), (x, y) -> x + y, around).to("out"));
    show("stream-stream outer join, named", b -> in(b, "l").outerJoin(in(b, "r"), (x, y) -> x + y, around, StreamJoined.<String, String, String>as("J").withName("N")).to("out"));
  }

  static void words() {
    show("word count", b -> in(b, "words").flatMapValues(v -> Arrays.asList(v.split(" "))).groupBy(Descriptions::value).count().toStream().to("counts", Produced.with(S, L)));
    show("word count, named", b -> in(b, "words").flatMapValues(v -> Arrays.asList(v.split(" "))).groupBy(Descriptions::value, Grouped.as("by-word"))
        .count(Named.as("cnt"), Materialized.as("counts-store")).toStream(Named.as("out")).to("counts", Produced.<String, Long>as("sink").withKeySerde(S).withValueSerde(L)));
    show("word count, count(Materialized.with): one index burnt more", b -> in(b, "words").flatMapValues(v -> Arrays.asList(v.split(" "))).groupBy(Descriptions::value)
        .count(Materialized.with(S, L)).toStream().to("counts", Produced.with(S, L)));
    show("branch", b -> {
      in(b, "in").split(Named.as("b-")).branch((k, v) -> true, Branched.as("x")).branch((k, v) -> false).defaultBranch();
      in(b, "in2").split().branch((k, v) -> true).noDefaultBranch();
    });
    show("toTable + repartition", b -> {
      in(b, "in").map((k, v) -> KeyValue.pair(v, k)).toTable();
      in(b, "in2").map((k, v) -> KeyValue.pair(v, k)).repartition().to("o");
      in(b, "in3").repartition(Repartitioned.as("rep")).to("o3");
    });
    show("cogroup", b -> {
      var g1 = in(b, "a").groupByKey();
      var g2 = in(b, "b").groupBy(Descriptions::value);
      g1.<String>cogroup((k, v, agg) -> agg + v).cogroup(g2, (k, v, agg) -> agg + v).aggregate(() -> "").toStream().to("o");
    });
    show("cogroup, named", b -> {
      var g1 = in(b, "a").groupBy(Descriptions::value, Grouped.as("first"));
      var g2 = in(b, "b").groupBy(Descriptions::value, Grouped.as("second"));
      g1.<String>cogroup((k, v, agg) -> agg + v).cogroup(g2, (k, v, agg) -> agg + v).aggregate(() -> "", Named.as("both"), Materialized.as("store")).toStream().to("o");
    });
    show("a named grouping aggregated twice", b -> {
      var grouped = in(b, "in").groupBy(Descriptions::value, Grouped.as("by-value"));
      grouped.count();
      in(b, "other").to("out");
      grouped.reduce((x, y) -> y);
    });
  }

  static void joins() {
    show("selectKey + stream-table join", b -> {
      var customers = rows(b, "customers");
      in(b, "orders").selectKey(Descriptions::value).join(customers, (o, x) -> o + x).to("enriched");
    });
    show("global table join", b -> {
      GlobalKTable<String, String> everywhere = b.globalTable("glob");
      in(b, "in").join(everywhere, Descriptions::value, (v, w) -> v + w).to("o");
    });
    show("a re-keyed stream joined twice", b -> {
      var one = rows(b, "one");
      var two = rows(b, "two");
      var keyed = in(b, "in").selectKey(Descriptions::value);
      keyed.join(one, (v, w) -> v + w).to("o1");
      keyed.leftJoin(two, (v, w) -> v + w).to("o2");
      keyed.join(two, (v, w) -> v + w, Joined.as("third")).to("o3");
      keyed.join(one, (v, w) -> v + w).to("o4");
    });
    show("joins in the middle, global tables first and last", b -> {
      GlobalKTable<String, String> first = b.globalTable("first", Consumed.as("f"));
      var stream = in(b, "in").leftJoin(first, Descriptions::value, (v, w) -> v + w, Named.as("with-first"));
      GlobalKTable<String, String> last = b.globalTable("last", Materialized.as("last-store"));
      stream.join(last, Descriptions::value, (v, w) -> v + w).to("o");
    });
  }

  static void tables() {
    show("table-table outer join, materialized", b -> rows(b, "x").outerJoin(rows(b, "y"), (p, q) -> p + q, Materialized.as("joined")).toStream().to("out"));
    show("table groupBy count filter mapValues", b -> rows(b, "t").groupBy((k, v) -> KeyValue.pair(v, k)).count().filter((k, v) -> v > 1)
        .mapValues(v -> v + 1, Materialized.with(S, L)).toStream().to("o", Produced.with(S, L)));
    show("tables joined in a chain", b -> {
      var x = rows(b, "x");
      var y = b.<String, String>table("y", Consumed.as("why"), Materialized.as("y-store"));
      var z = rows(b, "z");
      x.join(y, (p, q) -> p + q, Named.as("xy")).leftJoin(z, (p, q) -> p + q, Materialized.with(S, S)).filter((k, v) -> true).join(x, (p, q) -> p + q).toStream().to("out");
    });
    show("a table joined with itself", b -> {
      var x = rows(b, "x");
      x.join(x, (p, q) -> p + q).join(rows(b, "y"), (p, q) -> p + q).toStream().to("out");
    });
    show("filters with a Materialized", b -> {
      var t = rows(b, "t");
      t.filter((k, v) -> true, Materialized.with(S, S)).mapValues(v -> v, Named.as("same"), Materialized.as("kept")).filterNot((k, v) -> true, Named.as("none")).toStream().to("out");
    });
    show("a grouped table, named", b -> rows(b, "t").groupBy((k, v) -> KeyValue.pair(v, k), Grouped.as("by-value"))
        .reduce((p, q) -> q, (p, q) -> p, Named.as("last"), Materialized.as("last-store")).toStream().to("out"));
    show("a table of a stream, in use", b -> {
      var table = in(b, "in").selectKey(Descriptions::value).toTable(Named.as("rows"), Materialized.as("rows-store"));
      in(b, "in2").join(table, (v, w) -> v + w).to("out");
    });
  }

  static void aggregatedTwice(StreamsBuilder b) {
    var keyed = in(b, "in").selectKey(Descriptions::value);
    keyed.groupByKey().count();
    keyed.groupByKey().reduce((x, y) -> y);
  }
  static void mergedThenJoined(StreamsBuilder b) {
    var table = rows(b, "t");
    var one = in(b, "one").selectKey(Descriptions::value);
    var two = in(b, "two").map((k, v) -> KeyValue.pair(v, k));
    var merged = one.merge(two);
    merged.join(table, (v, w) -> v + w).to("o1");
    merged.groupByKey().count();
    merged.groupByKey(Grouped.as("named")).count();
  }
  static void valuesBetween(StreamsBuilder b) {
    var keyed = in(b, "in").selectKey(Descriptions::value);
    keyed.mapValues(v -> v).groupByKey().count();
    keyed.peek((k, v) -> {}).groupByKey().count();
    keyed.filter((k, v) -> true).groupByKey().reduce((x, y) -> y);
  }

  static void optimized() {
    show("two aggregations of one re-keyed stream, not optimised", Descriptions::aggregatedTwice);
    show("the same, topology.optimization=all", b -> {
      aggregatedTwice(b);
      b.table("tt", Materialized.as("tt-store"));
    }, "topology.optimization", "all");
    show("merged streams, joined and counted", Descriptions::mergedThenJoined);
    show("merged streams, joined and counted, optimized", Descriptions::mergedThenJoined, "topology.optimization", "all");
    show("values that change in between", Descriptions::valuesBetween);
    show("values that change in between, optimized", Descriptions::valuesBetween, "topology.optimization", "merge.repartition.topics");
  }

  static void shapes() {
    show("many children of different sizes", b -> {
      var stream = in(b, "in");
      for (int i = 0; i < 14; ++i) {
        KStream<String, String> at = stream;
        for (int j = 0; j < i * 5 % 7; ++j) at = at.filter((k, v) -> true, Named.as("f" + i + "-" + j));
        at.to("out" + i % 3, Produced.as("sink" + i));
      }
    });
    show("diamonds", b -> {
      KStream<String, String> at = in(b, "in");
      for (int i = 0; i < 4; ++i) {
        var left = at.filter((k, v) -> true, Named.as("left" + i));
        var right = at.mapValues(v -> v).peek((k, v) -> {}, Named.as("right" + i));
        at = right.merge(left).merge(in(b, "more" + i), Named.as("met" + i));
      }
      at.to("out");
    });
    show("processors that share stores", b -> {
      for (var name : Arrays.asList("s1", "s2", "s3")) b.addStateStore(Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore(name), S, S));
      in(b, "a").process(Nothing::new, "s1", "s2").to("o1");
      in(b, "b").process(Nothing::new, Named.as("alone")).to("o2");
      in(b, "c").process(Nothing::new, Named.as("shares"), "s3", "s2").groupByKey().count();
    });
    show("topics read together, and again", b -> {
      b.<String, String>stream(Arrays.asList("zeta", "alpha", "mid")).to("o1");
      b.<String, String>stream(Arrays.asList("mid", "alpha", "zeta")).filter((k, v) -> true).to("o2");
    });
  }
}
