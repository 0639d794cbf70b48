import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** The records that all cases send, what must come back, and small helpers. */
final class Check {
  static final String BOOTSTRAP = System.getenv("BOOTSTRAP");
  static final String TOPIC = System.getenv("PREFIX") + "user-events";
  static final String GROUP = System.getenv("PREFIX") + "my-consumer-group";
  static final long FIRST_TIMESTAMP = Long.parseLong(System.getenv("FIRST_TIMESTAMP"));
  static final Duration LIMIT = Duration.ofSeconds(45);

  static final class Wrong extends RuntimeException {
    Wrong(String message) {
      super(message);
    }
  }

  static void that(boolean condition, String message) {
    if (!condition) throw new Wrong(message);
  }

  static void equal(Object got, Object want, String what) {
    if (!Objects.equals(got, want)) throw new Wrong(what + ": got " + got + ", want " + want);
  }

  static Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", BOOTSTRAP, "default.api.timeout.ms", "30000"));
  }

  static void createTopic(String name, int partitions, Map<String, String> configs) throws Exception {
    try (Admin admin = admin()) {
      admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(configs))).all().get();
    }
  }

  static void createTopic(String name, int partitions) throws Exception {
    createTopic(name, partitions, Map.of());
  }

  static KafkaProducer<String, String> producer(Map<String, Object> settings) {
    Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", BOOTSTRAP, "acks", "all", "delivery.timeout.ms", 40000, "request.timeout.ms", 20000));
    config.putAll(settings);
    return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
  }

  static KafkaConsumer<String, String> consumer(Map<String, Object> settings) {
    Map<String, Object> config = new HashMap<>(Map.of("bootstrap.servers", BOOTSTRAP, "auto.offset.reset", "earliest", "enable.auto.commit", false));
    config.putAll(settings);
    return new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer());
  }

  static ProducerRecord<String, String> record(String topic, Integer partition, int i) {
    ProducerRecord<String, String> r = new ProducerRecord<>(topic, partition, FIRST_TIMESTAMP + i, "key" + i % 20, "{\"user_id\": " + i + "}");
    r.headers().add("sequence", Integer.toString(i).getBytes(StandardCharsets.UTF_8));
    r.headers().add("empty", null);
    return r;
  }

  static List<RecordMetadata> send(String topic, int from, int to, Map<String, Object> settings) throws Exception {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    try (KafkaProducer<String, String> producer = producer(settings)) {
      for (int i = from; i < to; i++) sent.add(producer.send(record(topic, null, i)));
    }
    List<RecordMetadata> placed = new ArrayList<>();
    for (Future<RecordMetadata> f : sent) placed.add(f.get());
    return placed;
  }

  /** Collects records; knows whether each came once and each key's in order. */
  static final class Seen {
    final Map<Integer, Integer> times = new HashMap<>();
    private final Map<String, Integer> latest = new HashMap<>();

    void take(ConsumerRecord<String, String> r) {
      int i = Integer.parseInt(new String(r.headers().lastHeader("sequence").value(), StandardCharsets.UTF_8));
      ProducerRecord<String, String> want = record(r.topic(), null, i);
      equal(List.of(r.key(), r.value(), r.timestamp()), List.of(want.key(), want.value(), want.timestamp()), "record " + i);
      equal(r.headers(), want.headers(), "headers of record " + i);
      int before = latest.getOrDefault(r.key(), -1);
      that(before < i, r.key() + ": " + i + " follows " + before);
      latest.put(r.key(), i);
      times.merge(i, 1, Integer::sum);
    }

    void takeAll(Iterable<ConsumerRecord<String, String>> records) {
      records.forEach(this::take);
    }

    void exactly(int from, int to) {
      for (int i = from; i < to; i++) equal(times.get(i), 1, "times that record " + i + " came");
      equal(times.size(), to - from, "different records");
    }
  }

  /** Reads all partitions by assignment; offsets have no gaps, positions end at the end offsets. */
  static void readAll(String topic, int partitions, int count, Map<String, Object> settings) {
    try (KafkaConsumer<String, String> consumer = consumer(settings)) {
      List<TopicPartition> assignment = partitions(topic, partitions);
      consumer.assign(assignment);
      consumer.seekToBeginning(assignment);
      Seen seen = new Seen();
      Map<Integer, Long> next = new HashMap<>();
      until(() -> seen.times.size() >= count, () -> {
        for (ConsumerRecord<String, String> r : consumer.poll(Duration.ofMillis(200))) {
          equal(r.offset(), next.getOrDefault(r.partition(), 0L), "next offset of partition " + r.partition());
          next.put(r.partition(), r.offset() + 1);
          seen.take(r);
        }
      }, () -> "read " + seen.times.size() + " of " + count);
      seen.exactly(0, count);
      equal(consumer.endOffsets(assignment).values().stream().mapToLong(Long::longValue).sum(), (long) count, "end offsets together");
    }
  }

  static List<TopicPartition> partitions(String topic, int count) {
    List<TopicPartition> all = new ArrayList<>();
    for (int p = 0; p < count; p++) all.add(new TopicPartition(topic, p));
    return Collections.unmodifiableList(all);
  }

  interface Step {
    void run() throws Exception;
  }

  static void until(BooleanSupplier done, Step step, java.util.function.Supplier<String> what) {
    long end = System.nanoTime() + LIMIT.toNanos();
    while (!done.getAsBoolean()) {
      that(System.nanoTime() < end, "timed out: " + what.get());
      try {
        step.run();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new RuntimeException(e);
      }
    }
  }

  /** The cause with which a future fails. */
  static String failure(Future<?> future) throws InterruptedException {
    try {
      future.get();
      return "success";
    } catch (ExecutionException e) {
      return e.getCause().getClass().getSimpleName();
    }
  }
}
