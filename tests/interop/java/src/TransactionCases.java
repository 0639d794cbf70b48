import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Scanner;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/** What transactions promise. Only calls that clients since 2.5 have: the cases are also run with older jars. */
final class TransactionCases {
  private static final String ID = System.getenv("PREFIX") + "tx";
  private static final Map<String, Object> COMMITTED = Map.of("isolation.level", "read_committed");

  static KafkaProducer<String, String> producer(String id, Map<String, Object> more) {
    Map<String, Object> settings = new HashMap<>(Map.of("transactional.id", id));
    settings.putAll(more);
    KafkaProducer<String, String> producer = Check.producer(settings);
    producer.initTransactions();
    return producer;
  }

  /** Values of each partition, in order, from its beginning to the end that a reader of this kind is told of. */
  static Map<TopicPartition, List<String>> read(List<TopicPartition> partitions, Map<String, Object> settings) {
    Map<TopicPartition, List<String>> values = new HashMap<>();
    try (KafkaConsumer<String, String> consumer = Check.consumer(settings)) {
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      partitions.forEach(p -> values.put(p, new ArrayList<>()));
      // The position passes markers and what was aborted, which are no records.
      Check.until(() -> partitions.stream().allMatch(p -> consumer.position(p) >= ends.get(p)), () -> {
        for (ConsumerRecord<String, String> r : consumer.poll(Duration.ofMillis(200))) values.get(new TopicPartition(r.topic(), r.partition())).add(r.value());
      }, () -> "read " + values + " up to " + ends);
    }
    return values;
  }

  static long end(TopicPartition partition, Map<String, Object> settings) {
    try (KafkaConsumer<String, String> consumer = Check.consumer(settings)) {
      return consumer.endOffsets(List.of(partition)).get(partition);
    }
  }

  /** Three topics of three partitions; every third transaction is aborted. Each partition has what was committed, in order. */
  static void commitAndAbort() throws Exception {
    List<TopicPartition> all = new ArrayList<>();
    for (String name : List.of("-a", "-b", "-c")) {
      Check.createTopic(Check.TOPIC + name, 3);
      all.addAll(Check.partitions(Check.TOPIC + name, 3));
    }
    Map<TopicPartition, List<String>> committed = new HashMap<>(), written = new HashMap<>();
    all.forEach(p -> committed.put(p, new ArrayList<>()));
    all.forEach(p -> written.put(p, new ArrayList<>()));
    try (KafkaProducer<String, String> producer = producer(ID, Map.of("batch.size", 200))) {
      for (int transaction = 0; transaction < 30; transaction++) {
        producer.beginTransaction();
        for (int i = 0; i < 20; i++) {
          TopicPartition to = all.get((transaction + i) % all.size());
          String value = transaction + "." + i;
          producer.send(new ProducerRecord<>(to.topic(), to.partition(), "k", value));
          written.get(to).add(value);
          if (transaction % 3 != 1) committed.get(to).add(value);
        }
        if (transaction % 3 == 1) {
          producer.flush(); // else what was not sent yet is dropped by the client
          producer.abortTransaction();
        } else {
          producer.commitTransaction();
        }
      }
    }
    Check.equal(read(all, COMMITTED), committed, "what read_committed sees");
    Check.equal(read(all, Map.of()), written, "what read_uncommitted sees");
  }

  /** An open transaction hides what lies behind it, also of others, and the ends that readers are told of differ until it ends. */
  static void stableOffset() throws Exception {
    Check.createTopic(Check.TOPIC, 1);
    TopicPartition partition = new TopicPartition(Check.TOPIC, 0);
    try (KafkaProducer<String, String> producer = producer(ID, Map.of())) {
      Check.send(Check.TOPIC, 0, 5, Map.of());
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(Check.TOPIC, 0, "k", "open")).get();
      Check.send(Check.TOPIC, 5, 10, Map.of());
      Check.equal(List.of(end(partition, COMMITTED), end(partition, Map.of())), List.of(5L, 11L), "ends beside an open transaction");
      Check.equal(read(List.of(partition), COMMITTED).get(partition).size(), 5, "records before an open transaction");
      try (KafkaConsumer<String, String> waiting = Check.consumer(COMMITTED)) {
        waiting.assign(List.of(partition));
        List<String> got = new ArrayList<>();
        Check.until(() -> got.size() == 5, () -> waiting.poll(Duration.ofMillis(200)).forEach(r -> got.add(r.value())), () -> "read " + got);
        producer.commitTransaction();
        // Whoever waits at the last stable offset is woken by the marker.
        Check.until(() -> got.size() == 11, () -> waiting.poll(Duration.ofMillis(200)).forEach(r -> got.add(r.value())), () -> "read " + got);
        Check.equal(waiting.position(partition), 12L, "position behind the marker");
      }
      Check.equal(List.of(end(partition, COMMITTED), end(partition, Map.of())), List.of(12L, 12L), "ends after the commit");
    }
  }

  /** Consume, process, produce: what was aborted is read again, each record is answered once, and the group stands at the end. */
  static void consumeProcessProduce() throws Exception {
    int count = 400;
    String in = Check.TOPIC + "-in", out = Check.TOPIC + "-out";
    Check.createTopic(in, 3);
    Check.createTopic(out, 2);
    Check.send(in, 0, count, Map.of());
    List<TopicPartition> inputs = Check.partitions(in, 3);
    Map<String, Object> settings = new HashMap<>(COMMITTED);
    settings.putAll(Map.of("group.id", Check.GROUP, "max.poll.records", 23));
    int transactions = 0;
    try (KafkaProducer<String, String> producer = producer(ID, Map.of()); KafkaConsumer<String, String> consumer = Check.consumer(settings)) {
      consumer.subscribe(List.of(in));
      int done = 0;
      while (done < count) {
        List<ConsumerRecords<String, String>> polled = new ArrayList<>();
        Check.until(() -> !polled.isEmpty(), () -> {
          ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(200));
          if (!records.isEmpty()) polled.add(records);
        }, () -> "a poll with records");
        ConsumerRecords<String, String> records = polled.get(0);
        producer.beginTransaction();
        Map<TopicPartition, OffsetAndMetadata> next = new HashMap<>();
        for (ConsumerRecord<String, String> r : records) {
          producer.send(new ProducerRecord<>(out, null, r.key(), r.value()));
          next.put(new TopicPartition(r.topic(), r.partition()), new OffsetAndMetadata(r.offset() + 1));
        }
        producer.sendOffsetsToTransaction(next, consumer.groupMetadata());
        if (++transactions % 3 == 0) {
          producer.flush();
          producer.abortTransaction();
          Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(consumer.assignment());
          for (TopicPartition p : consumer.assignment()) consumer.seek(p, committed.get(p) == null ? 0 : committed.get(p).offset());
        } else {
          producer.commitTransaction();
          done += records.count();
        }
      }
      Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(Set.copyOf(inputs));
      Map<TopicPartition, Long> ends = consumer.endOffsets(inputs);
      for (TopicPartition p : inputs) Check.equal(committed.get(p) == null ? 0L : committed.get(p).offset(), ends.get(p), "committed offset of " + p);
    }
    Check.equal(timesOf(read(Check.partitions(out, 2), COMMITTED)), timesOf(read(inputs, Map.of())), "answers, and records that were asked");
    Check.that(transactions > 10, "only " + transactions + " transactions");
  }

  private static Map<String, Integer> timesOf(Map<TopicPartition, List<String>> values) {
    Map<String, Integer> times = new TreeMap<>();
    values.values().forEach(list -> list.forEach(v -> times.merge(v, 1, Integer::sum)));
    return times;
  }

  /** A second producer of the id ends what the first has open, and the first can do nothing any more. */
  static void fencing() throws Exception {
    Check.createTopic(Check.TOPIC, 2);
    List<TopicPartition> all = Check.partitions(Check.TOPIC, 2);
    try (KafkaProducer<String, String> zombie = producer(ID, Map.of())) {
      zombie.beginTransaction();
      zombie.send(new ProducerRecord<>(Check.TOPIC, 0, "k", "of the zombie")).get();
      try (KafkaProducer<String, String> second = producer(ID, Map.of())) {
        second.beginTransaction();
        second.send(new ProducerRecord<>(Check.TOPIC, 0, "k", "of the second")).get();
        String sent = Check.failure(zombie.send(new ProducerRecord<>(Check.TOPIC, 1, "k", "late")));
        Check.that(Set.of("ProducerFencedException", "InvalidProducerEpochException").contains(sent), "a late record of the zombie: " + sent);
        String ended = thrown(zombie::commitTransaction); // since 4.0 what the record was told
        Check.that(Set.of("ProducerFencedException", "InvalidProducerEpochException").contains(ended), "a late commit of the zombie: " + ended);
        second.commitTransaction();
      }
    }
    Check.equal(read(all, COMMITTED), Map.of(all.get(0), List.of("of the second"), all.get(1), List.of()), "what read_committed sees");
  }

  /** A transaction that is left alone is aborted by the coordinator; its producer is told, and may not go on under its epoch. */
  static void timeout() throws Exception {
    Check.createTopic(Check.TOPIC, 1);
    TopicPartition partition = new TopicPartition(Check.TOPIC, 0);
    try (KafkaProducer<String, String> producer = producer(ID, Map.of("transaction.timeout.ms", 1000))) {
      producer.beginTransaction();
      producer.send(new ProducerRecord<>(Check.TOPIC, 0, "k", "too slow")).get();
      Check.until(() -> end(partition, COMMITTED) == 2, () -> { }, () -> "nobody aborts the transaction: its end is " + end(partition, COMMITTED));
      String told = thrown(producer::commitTransaction);
      // The last: it is known by its epoch, and ended otherwise (EndTxn 5).
      Check.that(Set.of("ProducerFencedException", "InvalidProducerEpochException", "InvalidTxnStateException").contains(told), "a commit after the time-out: " + told);
    }
    Check.equal(read(List.of(partition), COMMITTED).get(partition), List.of(), "records of a transaction that timed out");
    try (KafkaProducer<String, String> again = producer(ID, Map.of())) {
      again.beginTransaction();
      again.send(new ProducerRecord<>(Check.TOPIC, 0, "k", "again"));
      again.commitTransaction();
    }
    Check.equal(read(List.of(partition), COMMITTED).get(partition), List.of("again"), "records after it");
  }

  /** The runner ends and starts the broker at each line that is printed: with a transaction open, and between transactions. */
  static void restarts() throws Exception {
    Check.createTopic(Check.TOPIC, 2);
    List<TopicPartition> all = Check.partitions(Check.TOPIC, 2);
    List<String> wanted = new ArrayList<>();
    Scanner runner = new Scanner(System.in);
    try (KafkaProducer<String, String> producer = producer(ID, Map.of())) {
      for (int i = 0; i < 4; i++) {
        producer.beginTransaction();
        for (int p = 0; p < 2; p++) producer.send(new ProducerRecord<>(Check.TOPIC, p, "k", "before " + i));
        producer.flush();
        System.out.println("restart");
        runner.nextLine();
        for (int p = 0; p < 2; p++) producer.send(new ProducerRecord<>(Check.TOPIC, p, "k", "after " + i));
        producer.flush();
        if (i % 2 == 1) {
          producer.abortTransaction();
          System.out.println("restart");
          runner.nextLine();
          continue;
        }
        producer.commitTransaction();
        wanted.addAll(List.of("before " + i, "after " + i));
      }
    }
    Check.equal(read(all, COMMITTED), Map.of(all.get(0), wanted, all.get(1), wanted), "what read_committed sees");
    for (TopicPartition p : all) Check.equal(end(p, COMMITTED), end(p, Map.of()), "the last stable offset of " + p + ", and the end");
  }

  static String thrown(Check.Step step) throws Exception {
    try {
      step.run();
      return "success";
    } catch (KafkaException e) {
      return e.getClass().getSimpleName();
    }
  }
}
