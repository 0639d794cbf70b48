package org.apache.kafka.streams;

import static org.apache.kafka.streams.Topologies.*;
import static java.time.Duration.ofMillis;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.kstream.*;
import org.apache.kafka.streams.state.*;

class Windows {
  static final TimeWindows TUMBLING = TimeWindows.ofSizeAndGrace(ofMillis(10), ofMillis(5));
  static final TimeWindows HOPPING = TUMBLING.advanceBy(ofMillis(4));
  static final SlidingWindows SLIDING = SlidingWindows.ofTimeDifferenceAndGrace(ofMillis(10), ofMillis(5));
  static final SessionWindows SESSIONS = SessionWindows.ofInactivityGapAndGrace(ofMillis(5), ofMillis(2));

  static void add() {
    times();
    sessions();
    closes();
  }

  private static void times() {
    Topologies.add("tumbling_count", "windows", b -> out(grouped(b).windowedBy(TUMBLING).count().toStream()));
    Topologies.add("tumbling_count_named", "windows 3", b -> out(grouped(b).windowedBy(TUMBLING).count(Named.as("n"), Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("per-window").withKeySerde(S).withValueSerde(L)).toStream()));
    Topologies.add("tumbling_no_grace_reduce", "windows", b -> out(grouped(b).windowedBy(TimeWindows.ofSizeWithNoGrace(ofMillis(10))).reduce((x, y) -> x + "," + y).toStream()));
    Topologies.add("tumbling_count_rekeyed", "windows 3", b -> out(stream(b, "in").groupBy((k, v) -> v, Grouped.with(S, S)).windowedBy(TUMBLING).count().toStream()));
    Topologies.add("tumbling_windowed_key", "windows 3", b -> grouped(b).windowedBy(TUMBLING).count().toStream()
        .to("out", Produced.with(WindowedSerdes.timeWindowedSerdeFrom(String.class, 10), L)));
    Topologies.add("hopping_count", "windows", b -> out(grouped(b).windowedBy(HOPPING).count().toStream()));
    Topologies.add("hopping_aggregate", "windows 3", b -> out(grouped(b).windowedBy(HOPPING).aggregate(() -> "", (k, v, sum) -> "drop".equals(v) ? null : sum + v, Materialized.with(S, S)).toStream()));
    Topologies.add("sliding_count", "windows", b -> out(grouped(b).windowedBy(SLIDING).count().toStream()));
    Topologies.add("sliding_aggregate", "windows 3", b -> out(grouped(b).windowedBy(SLIDING).aggregate(() -> "", (k, v, sum) -> sum + v, Materialized.with(S, S)).toStream()));
  }

  private static void sessions() {
    Topologies.add("session_count", "windows", b -> out(grouped(b).windowedBy(SESSIONS).count().toStream()));
    Topologies.add("session_reduce", "windows", b -> out(grouped(b).windowedBy(SESSIONS).reduce((x, y) -> x + "," + y).toStream()));
    Topologies.add("session_aggregate", "windows", b -> out(grouped(b).windowedBy(SESSIONS).aggregate(() -> "", (k, v, sum) -> sum + v, (k, x, y) -> x + "|" + y,
        Materialized.<String, String, SessionStore<Bytes, byte[]>>as("visits").withKeySerde(S).withValueSerde(S)).toStream()));
    Topologies.add("session_windowed_key", "windows 3", b -> grouped(b).windowedBy(SESSIONS).count().toStream()
        .to("out", Produced.with(WindowedSerdes.sessionWindowedSerdeFrom(String.class), L)));
  }

  private static void closes() {
    Topologies.add("tumbling_on_close", "windows", b -> out(grouped(b).windowedBy(TUMBLING).emitStrategy(EmitStrategy.onWindowClose())
        .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("n").withRetention(ofMillis(100000))).toStream()));
    Topologies.add("hopping_on_close", "windows", b -> out(grouped(b).windowedBy(HOPPING).emitStrategy(EmitStrategy.onWindowClose())
        .aggregate(() -> "", (k, v, sum) -> sum + v, Materialized.<String, String, WindowStore<Bytes, byte[]>>as("sums").withKeySerde(S).withValueSerde(S).withRetention(ofMillis(100000))).toStream()));
    Topologies.add("sliding_on_close", "windows", b -> out(grouped(b).windowedBy(SLIDING).emitStrategy(EmitStrategy.onWindowClose())
        .count(Materialized.<String, Long, WindowStore<Bytes, byte[]>>as("n").withRetention(ofMillis(100000))).toStream()));
    Topologies.add("session_on_close", "windows", b -> out(grouped(b).windowedBy(SESSIONS).emitStrategy(EmitStrategy.onWindowClose())
        .count(Materialized.<String, Long, SessionStore<Bytes, byte[]>>as("n").withRetention(ofMillis(100000))).toStream()));
  }
}
