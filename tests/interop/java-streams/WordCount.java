import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Scanner;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.LongDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;

/**
 * Kafka Streams' word count, exactly once. BOOTSTRAP=host:port PREFIX=text- java WordCount count FOLDER, until it is killed;
 * WordCount check: feeds lines, says `half` when half of what was fed is counted, waits for a line, feeds the rest, and compares.
 */
public final class WordCount {
  private static final String BOOTSTRAP = System.getenv("BOOTSTRAP"), PREFIX = System.getenv("PREFIX");
  private static final String LINES = PREFIX + "lines", COUNTS = PREFIX + "counts";
  private static final int WORDS = 50, LIMIT_SECONDS = 100;
  private static final long ROUNDS = 40;

  public static void main(String[] args) throws Exception {
    if (args[0].equals("count")) {
      count(args[1]);
    } else {
      check();
    }
  }

  private static void count(String folder) {
    Properties settings = new Properties();
    settings.putAll(Map.of("application.id", PREFIX + "words", "bootstrap.servers", BOOTSTRAP, "processing.guarantee", "exactly_once_v2", "commit.interval.ms", 50,
        "state.dir", folder, "replication.factor", 1, "auto.offset.reset", "earliest", "session.timeout.ms", 6000,
        "default.key.serde", Serdes.StringSerde.class.getName(), "default.value.serde", Serdes.StringSerde.class.getName()));
    StreamsBuilder builder = new StreamsBuilder();
    builder.<String, String>stream(LINES).flatMapValues(line -> List.of(line.split(" "))).groupBy((key, word) -> word).count(Materialized.as("words"))
        .toStream().to(COUNTS, Produced.with(Serdes.String(), Serdes.Long()));
    KafkaStreams streams = new KafkaStreams(builder.build(), settings);
    streams.setUncaughtExceptionHandler(e -> {
      e.printStackTrace();
      return org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse.REPLACE_THREAD;
    });
    streams.start();
  }

  private static void check() throws Exception {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", BOOTSTRAP))) {
      admin.createTopics(List.of(new NewTopic(LINES, 2, (short) 1), new NewTopic(COUNTS, 2, (short) 1))).all().get();
    }
    System.out.println("topics");
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(Map.of("bootstrap.servers", BOOTSTRAP), new StringSerializer(), new StringSerializer());
        KafkaConsumer<String, Long> counts = new KafkaConsumer<>(Map.of("bootstrap.servers", BOOTSTRAP, "isolation.level", "read_committed"), new StringDeserializer(), new LongDeserializer())) {
      counts.assign(List.of(new TopicPartition(COUNTS, 0), new TopicPartition(COUNTS, 1)));
      counts.seekToBeginning(counts.assignment());
      Map<String, Long> seen = new HashMap<>();
      feed(producer, 0, ROUNDS / 2);
      until(counts, seen, ROUNDS * WORDS / 4);
      System.out.println("half");
      new Scanner(System.in).nextLine();
      feed(producer, ROUNDS / 2, ROUNDS);
      until(counts, seen, ROUNDS * WORDS);
      for (int word = 0; word < WORDS; word++) {
        if (seen.get("w" + word) != ROUNDS) throw new IllegalStateException("FAILED: w" + word + " was counted " + seen.get("w" + word) + " times, not " + ROUNDS);
      }
    } catch (IllegalStateException e) {
      System.err.println(e.getMessage());
      System.exit(1);
    }
  }

  private static void feed(KafkaProducer<String, String> producer, long from, long to) {
    for (long round = from; round < to; round++) {
      for (int word = 0; word < WORDS; word += 2) producer.send(new ProducerRecord<>(LINES, "k" + word, "w" + word + " w" + (word + 1)));
    }
    producer.flush();
  }

  /** Until so many words are counted together. A word's count never falls, and grows by no more than what was fed. */
  private static void until(KafkaConsumer<String, Long> counts, Map<String, Long> seen, long together) {
    long end = System.nanoTime() + Duration.ofSeconds(LIMIT_SECONDS).toNanos();
    while (seen.values().stream().mapToLong(Long::longValue).sum() < together) {
      if (System.nanoTime() > end) throw new IllegalStateException("FAILED: timed out, counted " + seen);
      for (ConsumerRecord<String, Long> r : counts.poll(Duration.ofMillis(200))) {
        long before = seen.getOrDefault(r.key(), 0L);
        if (r.value() < before || r.value() > ROUNDS) throw new IllegalStateException("FAILED: " + r.key() + ": " + r.value() + " follows " + before);
        seen.put(r.key(), r.value());
      }
    }
  }
}
