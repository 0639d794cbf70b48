import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.RangeAssignor;
import org.apache.kafka.common.TopicPartition;

/** Classic groups as the Java consumer uses them. */
final class GroupCases {
  static final String RANGE = RangeAssignor.class.getName();
  private static final String COOPERATIVE = CooperativeStickyAssignor.class.getName();

  /** A consumer on a thread of its own, since joining waits for the other members' polls. */
  private static final class Member implements ConsumerRebalanceListener, Runnable {
    final KafkaConsumer<String, String> consumer;
    final Check.Seen seen;
    // The assignment as the listener hears it; guarded by this, as are the counters.
    private final Set<Integer> held = new HashSet<>();
    private int revoked, rebalances, read;
    private volatile boolean stopping;
    private volatile Throwable failure;
    private final Thread thread = new Thread(this);

    Member(Check.Seen seen, Map<String, Object> settings) {
      Map<String, Object> config = new HashMap<>(Map.of("group.id", Check.GROUP, "session.timeout.ms", 10000, "heartbeat.interval.ms", 300, "enable.auto.commit", true));
      config.putAll(settings);
      this.consumer = Check.consumer(config);
      this.seen = seen;
      consumer.subscribe(List.of(Check.TOPIC), this);
      thread.start();
    }

    @Override
    public void run() {
      try {
        while (!stopping) {
          var records = consumer.poll(Duration.ofMillis(50));
          synchronized (seen) {
            seen.takeAll(records);
          }
          synchronized (this) {
            read += records.count();
          }
        }
        consumer.close();
      } catch (Throwable e) {
        failure = e;
      }
    }

    @Override
    public synchronized void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      partitions.forEach(p -> held.add(p.partition()));
      rebalances++;
    }

    @Override
    public synchronized void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      partitions.forEach(p -> held.remove(p.partition()));
      revoked += partitions.size();
    }

    synchronized Set<Integer> held() {
      if (failure != null) throw new Check.Wrong("a member failed: " + failure);
      return new HashSet<>(held);
    }

    synchronized int[] counters() {
      return new int[] {rebalances, revoked, read};
    }

    void stop() throws InterruptedException {
      stopping = true;
      thread.join(30_000);
      Check.that(!thread.isAlive(), "a member did not stop");
      if (failure != null) throw new Check.Wrong("a member failed: " + failure);
    }
  }

  private static void untilHeld(Member member, int count) {
    Check.until(() -> member.held().size() == count, () -> Thread.sleep(20), () -> "a member holds " + member.held() + ", want " + count);
  }

  private static void untilSeen(Check.Seen seen, int count) {
    Check.until(() -> size(seen) >= count, () -> Thread.sleep(20), () -> "read " + size(seen) + " of " + count);
  }

  private static int size(Check.Seen seen) {
    synchronized (seen) {
      return seen.times.size();
    }
  }

  /** Two members share, then one leaves and the other takes over; every record comes once. */
  static void shareAndHandOver(String assignor) throws Exception {
    Check.createTopic(Check.TOPIC, 4);
    Check.Seen seen = new Check.Seen();
    Map<String, Object> settings = Map.of("partition.assignment.strategy", assignor);
    Member first = new Member(seen, settings), second = new Member(seen, settings);
    untilHeld(first, 2);
    untilHeld(second, 2);
    Check.send(Check.TOPIC, 0, 1000, Map.of());
    untilSeen(seen, 1000);
    Check.that(first.counters()[2] > 0 && second.counters()[2] > 0, "one member read everything");
    second.stop();
    untilHeld(first, 4);
    Check.send(Check.TOPIC, 1000, 2000, Map.of());
    untilSeen(seen, 2000);
    first.stop();
    seen.exactly(0, 2000);
  }

  /** A second member takes two of four partitions; the first loses exactly those and never stops reading the others. */
  static void cooperative() throws Exception {
    Check.createTopic(Check.TOPIC, 4);
    Check.Seen seen = new Check.Seen();
    Map<String, Object> settings = Map.of("partition.assignment.strategy", COOPERATIVE);
    Member first = new Member(seen, settings);
    untilHeld(first, 4);
    Check.send(Check.TOPIC, 0, 500, Map.of());
    untilSeen(seen, 500);
    Member second = new Member(seen, settings);
    untilHeld(second, 2);
    untilHeld(first, 2);
    Check.equal(first.counters()[1], 2, "partitions that the first member lost");
    Check.send(Check.TOPIC, 500, 1000, Map.of());
    untilSeen(seen, 1000);
    second.stop();
    untilHeld(first, 4);
    Check.equal(first.counters()[1], 2, "partitions that the first member lost after the second left");
    first.stop();
    seen.exactly(0, 1000);
  }

  /** A static member that restarts within its session keeps its partitions, and the other hears of nothing. */
  static void staticMember() throws Exception {
    Check.createTopic(Check.TOPIC, 4);
    Check.Seen seen = new Check.Seen();
    Member stays = new Member(seen, Map.of("group.instance.id", "stays"));
    Member goes = new Member(seen, Map.of("group.instance.id", "goes"));
    untilHeld(stays, 2);
    untilHeld(goes, 2);
    Set<Integer> held = goes.held();
    int rebalances = stays.counters()[0];
    goes.stop();
    Member back = new Member(seen, Map.of("group.instance.id", "goes"));
    untilHeld(back, 2);
    Check.equal(back.held(), held, "partitions of the returning member");
    Check.send(Check.TOPIC, 0, 400, Map.of());
    untilSeen(seen, 400);
    Check.equal(stays.counters()[0], rebalances, "rebalances of the member that stayed");
    back.stop();
    stays.stop();
    seen.exactly(0, 400);
  }

  static void commitsAndMetadata() throws Exception {
    Check.createTopic(Check.TOPIC, 2);
    TopicPartition zero = new TopicPartition(Check.TOPIC, 0), one = new TopicPartition(Check.TOPIC, 1);
    Map<String, Object> settings = Map.of("group.id", Check.GROUP);
    try (KafkaConsumer<String, String> consumer = Check.consumer(settings)) {
      Check.equal(consumer.committed(Set.of(zero)).get(zero), null, "committed offset of a new group");
      consumer.assign(List.of(zero, one));
      consumer.commitSync(Map.of(zero, new OffsetAndMetadata(7, "seven"), one, new OffsetAndMetadata(0)));
    }
    try (KafkaConsumer<String, String> consumer = Check.consumer(settings)) {
      Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(Set.of(zero, one));
      Check.equal(committed.get(zero).offset(), 7L, "committed offset");
      Check.equal(committed.get(zero).metadata(), "seven", "committed metadata");
      Check.equal(committed.get(one).offset(), 0L, "committed offset");
    }
    fencedCommit(zero);
  }

  /** A stranger's commit into a group with a member is refused. */
  private static void fencedCommit(TopicPartition partition) throws Exception {
    Member member = new Member(new Check.Seen(), Map.of());
    untilHeld(member, 2);
    try (KafkaConsumer<String, String> stranger = Check.consumer(Map.of("group.id", Check.GROUP))) {
      stranger.assign(List.of(partition));
      try {
        stranger.commitSync(Map.of(partition, new OffsetAndMetadata(1)));
        throw new Check.Wrong("a stranger's commit was taken");
      } catch (CommitFailedException expected) {
        // UNKNOWN_MEMBER_ID
      }
    }
    member.stop();
  }

  static void seekAndTimes() throws Exception {
    Check.createTopic(Check.TOPIC, 1);
    TopicPartition partition = new TopicPartition(Check.TOPIC, 0);
    Check.send(Check.TOPIC, 0, 1000, Map.of("batch.size", 2000));
    try (KafkaConsumer<String, String> consumer = Check.consumer(Map.of("max.poll.records", 1))) {
      consumer.assign(List.of(partition));
      for (long offset : List.of(500L, 0L, 999L, 37L)) {
        consumer.seek(partition, offset);
        List<Long> got = new ArrayList<>();
        Check.until(() -> !got.isEmpty(), () -> consumer.poll(Duration.ofMillis(200)).forEach(r -> got.add(r.offset())), () -> "nothing at offset " + offset);
        Check.equal(got, List.of(offset), "offset after seek");
      }
      for (int i : List.of(0, 1, 421, 999)) {
        OffsetAndTimestamp found = consumer.offsetsForTimes(Map.of(partition, Check.FIRST_TIMESTAMP + i)).get(partition);
        Check.equal(List.of(found.offset(), found.timestamp()), List.of((long) i, Check.FIRST_TIMESTAMP + i), "offset for the time of record " + i);
      }
      Check.equal(consumer.offsetsForTimes(Map.of(partition, Check.FIRST_TIMESTAMP + 1000)).get(partition), null, "offset for a later time");
      consumer.seek(partition, 5000);
      consumer.poll(Duration.ofMillis(500));
      Check.until(() -> consumer.position(partition) < 1000, () -> consumer.poll(Duration.ofMillis(200)), () -> "no reset after a seek past the end");
    }
  }
}
