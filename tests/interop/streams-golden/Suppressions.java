package org.apache.kafka.streams;

import static org.apache.kafka.streams.Topologies.*;
import static java.time.Duration.ofMillis;

import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.kstream.Suppressed.BufferConfig;

class Suppressions {
  static void add() {
    Topologies.add("suppress_tumbling", "windows", b -> out(grouped(b).windowedBy(Windows.TUMBLING).count().suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded())).toStream()));
    Topologies.add("suppress_named", "windows 3", b -> out(grouped(b).windowedBy(Windows.TUMBLING).count()
        .suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded()).withName("final")).toStream()));
    Topologies.add("suppress_hopping_mapped", "windows 3", b -> out(grouped(b).windowedBy(Windows.HOPPING).reduce((x, y) -> x + "," + y)
        .filter((k, v) -> !v.startsWith("2")).mapValues(v -> v + "!").suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded())).toStream()));
    Topologies.add("suppress_sliding", "windows", b -> out(grouped(b).windowedBy(Windows.SLIDING).count().suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded())).toStream()));
    Topologies.add("suppress_sessions", "windows", b -> out(grouped(b).windowedBy(Windows.SESSIONS).count().suppress(Suppressed.untilWindowCloses(BufferConfig.unbounded())).toStream()));
    Topologies.add("suppress_time", "one", b -> out(table(b, "in").suppress(Suppressed.untilTimeLimit(ofMillis(8), BufferConfig.unbounded())).toStream()));
    Topologies.add("suppress_no_time", "one", b -> out(table(b, "in").suppress(Suppressed.untilTimeLimit(ofMillis(0), BufferConfig.unbounded())).toStream()));
    Topologies.add("suppress_records", "one", b -> out(table(b, "in").suppress(Suppressed.untilTimeLimit(ofMillis(20), BufferConfig.maxRecords(2))).toStream()));
    Topologies.add("suppress_bytes", "one", b -> out(table(b, "in").suppress(Suppressed.untilTimeLimit(ofMillis(20), BufferConfig.maxBytes(150))).toStream()));
    Topologies.add("suppress_count", "one", b -> out(grouped(b).count().suppress(Suppressed.untilTimeLimit(ofMillis(8), BufferConfig.maxRecords(3))).toStream()));
    Topologies.add("suppress_then_group", "groups", b -> out(table(b, "t").suppress(Suppressed.untilTimeLimit(ofMillis(5), BufferConfig.maxRecords(2)))
        .groupBy((k, v) -> KeyValue.pair(group(v), v), Grouped.with(S, S)).reduce((x, y) -> x + "+" + y, (x, y) -> x + "-" + y).toStream()));
    Topologies.add("suppress_then_join", "two", b -> out(table(b, "l").suppress(Suppressed.untilTimeLimit(ofMillis(5), BufferConfig.maxRecords(2)))
        .leftJoin(table(b, "r"), (x, y) -> x + "+" + y).toStream()));
    Topologies.add("suppress_without_log", "one 3", b -> out(table(b, "in").suppress(Suppressed.untilTimeLimit(ofMillis(8), BufferConfig.unbounded().withLoggingDisabled())).toStream()));
  }
}
