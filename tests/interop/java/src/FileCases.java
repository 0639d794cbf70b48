import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;

/** Fills a data folder, for others to look at its files, and checks that it is all there later. */
final class FileCases {
  private static final List<String> CODECS = List.of("none", "gzip", "snappy", "lz4", "zstd");

  /** One partition of several small segments with batches of every codec, and a group that has read it all. */
  static void fill(int count) throws Exception {
    Check.createTopic(Check.TOPIC, 1, Map.of("segment.bytes", "1048576", "index.interval.bytes", "1024"));
    int share = count / CODECS.size();
    for (int c = 0; c < CODECS.size(); c++) {
      Check.send(Check.TOPIC, c * share, (c + 1) * share, Map.of("compression.type", CODECS.get(c), "batch.size", 2500, "linger.ms", 5));
    }
    try (KafkaConsumer<String, String> consumer = Check.consumer(Map.of("group.id", Check.GROUP))) {
      consumer.subscribe(List.of(Check.TOPIC));
      int[] read = {0};
      Check.until(() -> read[0] >= count, () -> read[0] += consumer.poll(Duration.ofMillis(200)).count(), () -> "read " + read[0]);
      consumer.commitSync();
    }
  }

  static void verify(int count) {
    Check.readAll(Check.TOPIC, 1, count, Map.of());
  }
}
