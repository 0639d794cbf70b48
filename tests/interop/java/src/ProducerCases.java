import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/** What producers promise: everything acknowledged is there, once, in order, as it was sent. */
final class ProducerCases {
  /** The client's defaults (idempotent, acks=all, five requests in flight) with small batches. */
  static void idempotent() throws Exception {
    int count = 10_000;
    Check.createTopic(Check.TOPIC, 3);
    List<RecordMetadata> placed = Check.send(Check.TOPIC, 0, count, Map.of("batch.size", 1000, "linger.ms", 0));
    Map<Integer, List<Long>> offsets = placed.stream()
        .collect(Collectors.groupingBy(RecordMetadata::partition, Collectors.mapping(RecordMetadata::offset, Collectors.toList())));
    for (List<Long> of : offsets.values()) {
      for (int i = 0; i < of.size(); i++) Check.equal(of.get(i), (long) i, "acknowledged offset");
    }
    Check.readAll(Check.TOPIC, 3, count, Map.of());
  }

  static void everyCodec() throws Exception {
    for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
      String topic = Check.TOPIC + "-" + codec;
      Check.createTopic(topic, 2);
      Check.send(topic, 0, 2000, Map.of("compression.type", codec, "linger.ms", 20));
      Check.readAll(topic, 2, 2000, Map.of());
    }
  }

  /** Batches of one record as large as a broker takes by default, and the answer to one that is larger. */
  static void bigRecords() throws Exception {
    Check.createTopic(Check.TOPIC, 1);
    String big = "x".repeat(1_000_000);
    try (KafkaProducer<String, String> producer = Check.producer(Map.of("max.request.size", 4_000_000, "buffer.memory", 20_000_000))) {
      for (int i = 0; i < 5; i++) producer.send(new ProducerRecord<>(Check.TOPIC, 0, "k" + i, big)).get();
      String answer = Check.failure(producer.send(new ProducerRecord<>(Check.TOPIC, 0, "k", "x".repeat(2_000_000))));
      Check.equal(answer, "RecordTooLargeException", "a record of 2 MB");
    }
    try (KafkaConsumer<String, String> consumer = Check.consumer(Map.of("max.partition.fetch.bytes", 1000))) {
      consumer.assign(Check.partitions(Check.TOPIC, 1));
      List<String> keys = new ArrayList<>();
      Check.until(() -> keys.size() == 5, () -> {
        for (ConsumerRecord<String, String> r : consumer.poll(Duration.ofMillis(500))) {
          Check.equal(r.value().length(), big.length(), "length of a value");
          keys.add(r.key());
        }
      }, () -> "read " + keys);
      Check.equal(keys, List.of("k0", "k1", "k2", "k3", "k4"), "keys");
    }
  }

  static void nullsAndTombstones() throws Exception {
    Check.createTopic(Check.TOPIC, 1, Map.of("cleanup.policy", "compact"));
    try (KafkaProducer<String, String> producer = Check.producer(Map.of())) {
      producer.send(new ProducerRecord<>(Check.TOPIC, 0, "kept", "")).get();
      producer.send(new ProducerRecord<>(Check.TOPIC, 0, "deleted", null)).get();
      String answer = Check.failure(producer.send(new ProducerRecord<>(Check.TOPIC, 0, null, "no key")));
      Check.equal(answer, "InvalidRecordException", "a record without a key in a compacted topic");
    }
    Map<String, String> read = new HashMap<>();
    try (KafkaConsumer<String, String> consumer = Check.consumer(Map.of())) {
      consumer.assign(Check.partitions(Check.TOPIC, 1));
      Check.until(() -> read.size() == 2, () -> consumer.poll(Duration.ofMillis(200)).forEach(r -> read.put(r.key(), r.value())), () -> "read " + read);
    }
    Map<String, String> want = new HashMap<>();
    want.put("kept", "");
    want.put("deleted", null);
    Check.equal(read, want, "records");
  }
}
