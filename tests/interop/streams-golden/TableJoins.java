// Streams and tables with tables and global tables.
package org.apache.kafka.streams;

import static org.apache.kafka.streams.Topologies.*;

import org.apache.kafka.streams.kstream.*;

class TableJoins {
  private static String join(String x, String y) {
    return x + "+" + y;
  }

  static void add() {
    streams();
    tables();
  }

  private static void streams() {
    Topologies.add("stream_table_join", "stream_table", b -> out(stream(b, "s").join(table(b, "t"), TableJoins::join)));
    Topologies.add("stream_table_left_join", "stream_table", b -> out(stream(b, "s").leftJoin(table(b, "t"), TableJoins::join)));
    Topologies.add("stream_table_join_named", "stream_table 3", b -> out(stream(b, "s").join(table(b, "t"), TableJoins::join, Joined.with(S, S, S, "enrich"))));
    Topologies.add("stream_table_join_rekeyed", "stream_table", b -> {
      var t = table(b, "t");
      out(stream(b, "s").selectKey((k, v) -> v == null || v.isEmpty() ? k : v.substring(0, 1)).leftJoin(t, TableJoins::join));
    });
    Topologies.add("stream_mapped_table_join", "stream_table", b -> out(stream(b, "s").leftJoin(table(b, "t").mapValues(v -> v + "!").filter((k, v) -> !v.startsWith("b")), TableJoins::join)));
    Topologies.add("stream_global_join", "stream_table", b -> {
      var t = b.globalTable("t", Consumed.with(S, S));
      out(stream(b, "s").join(t, (k, v) -> v == null ? null : v.substring(0, 1), TableJoins::join));
    });
    Topologies.add("stream_global_left_join", "stream_table", b -> {
      var t = b.globalTable("t", Consumed.with(S, S));
      out(stream(b, "s").leftJoin(t, (k, v) -> v == null ? null : v.substring(0, 1), TableJoins::join));
    });
  }

  private static void tables() {
    Topologies.add("table_join", "two", b -> out(table(b, "l").join(table(b, "r"), TableJoins::join).toStream()));
    Topologies.add("table_left_join", "two", b -> out(table(b, "l").leftJoin(table(b, "r"), TableJoins::join).toStream()));
    Topologies.add("table_outer_join", "two", b -> out(table(b, "l").outerJoin(table(b, "r"), TableJoins::join).toStream()));
    Topologies.add("table_join_kept", "two 3", b -> out(table(b, "l").join(table(b, "r"), TableJoins::join, Named.as("both"), Aggregations.store("joined", S)).toStream()));
    Topologies.add("table_outer_join_chain", "two", b -> {
      var l = table(b, "l");
      var r = table(b, "r");
      out(l.outerJoin(r, TableJoins::join).leftJoin(l.filter((k, v) -> !v.equals("1")), TableJoins::join).toStream());
    });
    Topologies.add("table_join_then_count", "two", b -> out(table(b, "l").leftJoin(table(b, "r"), TableJoins::join)
        .groupBy((k, v) -> KeyValue.pair(v, k), Grouped.with(S, S)).count().toStream()));
  }
}
