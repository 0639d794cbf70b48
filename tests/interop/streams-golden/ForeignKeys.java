package org.apache.kafka.streams;

import static org.apache.kafka.streams.Topologies.*;

import org.apache.kafka.streams.kstream.*;

class ForeignKeys {
  private static String join(String x, String y) {
    return x + "+" + y;
  }

  static void add() {
    Topologies.add("foreign_join", "foreign", b -> out(table(b, "l").join(table(b, "r"), Topologies::group, ForeignKeys::join, Materialized.with(S, S)).toStream()));
    Topologies.add("foreign_left_join", "foreign", b -> out(table(b, "l").leftJoin(table(b, "r"), Topologies::group, ForeignKeys::join, Materialized.with(S, S)).toStream()));
    Topologies.add("foreign_join_plain", "foreign 3", b -> out(table(b, "l").join(table(b, "r"), Topologies::group, ForeignKeys::join).toStream()));
    Topologies.add("foreign_join_named", "foreign 3", b -> out(table(b, "l").join(table(b, "r"), Topologies::group, ForeignKeys::join, TableJoined.as("fk"), Aggregations.store("joined", S)).toStream()));
    Topologies.add("foreign_left_join_counted", "foreign", b -> out(table(b, "l").leftJoin(table(b, "r"), Topologies::group, ForeignKeys::join, TableJoined.as("fk"))
        .groupBy((k, v) -> KeyValue.pair(v, k), Grouped.with(S, S)).count().toStream()));
    Topologies.add("foreign_join_of_filtered", "foreign", b -> out(table(b, "l").filter((k, v) -> !v.endsWith("3")).join(table(b, "r").mapValues(v -> v + "!"), Topologies::group, ForeignKeys::join, Materialized.with(S, S)).toStream()));
    Topologies.add("foreign_join_of_foreign", "foreign", b -> {
      var r = table(b, "r");
      out(table(b, "l").leftJoin(r, Topologies::group, ForeignKeys::join).join(r, Topologies::group, ForeignKeys::join).toStream());
    });
  }
}
