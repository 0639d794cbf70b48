package org.apache.kafka.streams;

import static org.apache.kafka.streams.Topologies.*;
import static java.time.Duration.ofMillis;

import org.apache.kafka.streams.kstream.*;

class StreamJoins {
  static final JoinWindows TEN = JoinWindows.ofTimeDifferenceAndGrace(ofMillis(10), ofMillis(2));

  private static String join(String x, String y) {
    return x + "+" + y;
  }
  private static StreamJoined<String, String, String> joined() {
    return StreamJoined.with(S, S, S);
  }

  static void add() {
    Topologies.add("stream_join", "two", b -> out(stream(b, "l").join(stream(b, "r"), StreamJoins::join, TEN, joined())));
    Topologies.add("stream_left_join", "two", b -> out(stream(b, "l").leftJoin(stream(b, "r"), StreamJoins::join, TEN, joined())));
    Topologies.add("stream_outer_join", "two", b -> out(stream(b, "l").outerJoin(stream(b, "r"), StreamJoins::join, TEN, joined())));
    Topologies.add("stream_join_named", "two 3", b -> out(stream(b, "l").join(stream(b, "r"), StreamJoins::join, TEN, joined().withName("N").withStoreName("J"))));
    Topologies.add("stream_left_join_named", "two 3", b -> out(stream(b, "l").leftJoin(stream(b, "r"), StreamJoins::join, TEN, joined().withName("N").withStoreName("J"))));
    Topologies.add("stream_outer_join_named", "two 3", b -> out(stream(b, "l").outerJoin(stream(b, "r"), StreamJoins::join, TEN, joined().withName("N").withStoreName("J"))));
    Topologies.add("stream_join_only_before", "two", b -> out(stream(b, "l").join(stream(b, "r"), StreamJoins::join, TEN.after(ofMillis(0)), joined())));
    Topologies.add("stream_left_join_lopsided", "two", b -> out(stream(b, "l").leftJoin(stream(b, "r"), StreamJoins::join, TEN.before(ofMillis(3)), joined())));
    Topologies.add("stream_outer_join_lopsided", "two", b -> out(stream(b, "l").outerJoin(stream(b, "r"), StreamJoins::join, TEN.after(ofMillis(3)), joined())));
    Topologies.add("stream_outer_join_no_grace", "two", b -> out(stream(b, "l").outerJoin(stream(b, "r"), StreamJoins::join, JoinWindows.ofTimeDifferenceWithNoGrace(ofMillis(5)), joined())));
    Topologies.add("stream_join_rekeyed", "two 3", b -> out(stream(b, "l").selectKey((k, v) -> v == null || v.isEmpty() ? k : v.substring(0, 1)).leftJoin(stream(b, "r").selectKey((k, v) -> v == null || v.isEmpty() ? k : v.substring(0, 1)), StreamJoins::join, TEN, joined().withName("N"))));
    Topologies.add("stream_self_join", "one", b -> {
      var in = stream(b, "in");
      out(in.join(in, StreamJoins::join, TEN, joined()));
    });
    Topologies.add("stream_left_join_without_log", "two 3", b -> out(stream(b, "l").leftJoin(stream(b, "r"), StreamJoins::join, TEN, joined().withLoggingDisabled())));
    Topologies.add("stream_join_counted", "two 3", b -> out(stream(b, "l").outerJoin(stream(b, "r"), StreamJoins::join, TEN, joined()).groupByKey(Grouped.with(S, S)).count().toStream()));
  }
}
