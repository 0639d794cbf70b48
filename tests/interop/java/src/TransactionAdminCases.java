import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AbortTransactionSpec;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTransactionsOptions;
import org.apache.kafka.clients.admin.ProducerState;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/** What operators see of transactions, and how they end them (KIP-664, KIP-994, KIP-1152). */
final class TransactionAdminCases {
  private static final String PREFIX = System.getenv("PREFIX");
  private static final Map<String, Object> COMMITTED = Map.of("isolation.level", "read_committed");

  private static KafkaProducer<String, String> open(String id, int partition) throws Exception {
    KafkaProducer<String, String> producer = TransactionCases.producer(PREFIX + id, Map.of("transaction.timeout.ms", 77000));
    producer.beginTransaction();
    producer.send(new ProducerRecord<>(Check.TOPIC, partition, "k", "of " + id)).get();
    return producer;
  }

  private static Set<String> ids(Admin admin, ListTransactionsOptions options) throws Exception {
    Collection<TransactionListing> listed = admin.listTransactions(options).all().get();
    return listed.stream().map(TransactionListing::transactionalId).filter(id -> id.startsWith(PREFIX)).map(id -> id.substring(PREFIX.length()))
        .collect(Collectors.toSet());
  }

  static TransactionDescription described(Admin admin, String id) throws Exception {
    return admin.describeTransactions(List.of(PREFIX + id)).description(PREFIX + id).get();
  }

  static List<ProducerState> producers(Admin admin, int partition) throws Exception {
    TopicPartition of = new TopicPartition(Check.TOPIC, partition);
    return admin.describeProducers(List.of(of)).partitionResult(of).get().activeProducers();
  }

  private static void waitFor(Admin admin, String id, TransactionState state) {
    List<Object> seen = new ArrayList<>();
    Check.until(() -> seen.contains(state), () -> {
      seen.clear();
      seen.add(described(admin, id).state());
    }, () -> id + " is " + seen + ", not " + state);
  }

  static void listAndDescribe() throws Exception {
    Check.createTopic(Check.TOPIC, 3);
    try (Admin admin = Check.admin(); KafkaProducer<String, String> first = open("first", 0); KafkaProducer<String, String> second = open("second", 1)) {
      second.commitTransaction();
      waitFor(admin, "second", TransactionState.COMPLETE_COMMIT);
      TransactionDescription open = described(admin, "first");
      Check.equal(List.of(open.state(), open.transactionTimeoutMs(), open.topicPartitions()),
          List.of(TransactionState.ONGOING, 77000L, Set.of(new TopicPartition(Check.TOPIC, 0))), "an open transaction");
      long started = open.transactionStartTimeMs().getAsLong();
      Check.that(Math.abs(System.currentTimeMillis() - started) < 60_000, "it started at " + started);
      Check.equal(described(admin, "second").topicPartitions(), Set.of(), "partitions of one that is committed");
      Check.equal(Check.failure(admin.describeTransactions(List.of(PREFIX + "nobody")).description(PREFIX + "nobody")), "TransactionalIdNotFoundException", "describing nobody");

      Check.equal(ids(admin, new ListTransactionsOptions()), Set.of("first", "second"), "all");
      Check.equal(ids(admin, new ListTransactionsOptions().filterStates(Set.of(TransactionState.ONGOING))), Set.of("first"), "those that are open");
      Check.equal(ids(admin, new ListTransactionsOptions().filterProducerIds(Set.of(open.producerId()))), Set.of("first"), "of one producer");
      Check.equal(ids(admin, new ListTransactionsOptions().filterOnDuration(3_600_000)), Set.of(), "open for an hour");
      Check.equal(ids(admin, new ListTransactionsOptions().filterOnTransactionalIdPattern(".*sec.*")), Set.of("second"), "by pattern");

      ProducerState state = producers(admin, 0).get(0);
      Check.equal(List.of(state.producerId(), state.producerEpoch(), state.currentTransactionStartOffset().getAsLong(), state.lastSequence()),
          List.of(open.producerId(), open.producerEpoch(), 0L, 0), "the producer in the partition");
      Check.that(producers(admin, 1).get(0).currentTransactionStartOffset().isEmpty(), "an ended transaction has a start: " + producers(admin, 1));
      Check.equal(producers(admin, 2), List.of(), "producers of a partition that nobody wrote to");
      first.commitTransaction();
    }
  }

  /** By its start in a partition, as for a transaction that hangs, and as a whole by its id. */
  static void abort() throws Exception {
    Check.createTopic(Check.TOPIC, 2);
    List<TopicPartition> all = Check.partitions(Check.TOPIC, 2);
    try (Admin admin = Check.admin(); KafkaProducer<String, String> hanging = open("hanging", 0); KafkaProducer<String, String> other = open("other", 1)) {
      Check.equal(TransactionCases.end(all.get(0), COMMITTED), 0L, "the end before it is aborted");
      ProducerState state = producers(admin, 0).get(0);
      short older = (short) (state.producerEpoch() - 1);
      String refused = Check.failure(admin.abortTransaction(new AbortTransactionSpec(all.get(0), state.producerId(), older, 0)).all());
      Check.that(Set.of("InvalidProducerEpochException", "UnknownServerException").contains(refused), "aborting with an older epoch: " + refused); // the second by Kafka
      admin.abortTransaction(new AbortTransactionSpec(all.get(0), state.producerId(), (short) state.producerEpoch(), state.coordinatorEpoch().orElse(0))).all().get();
      Check.equal(TransactionCases.end(all.get(0), COMMITTED), 2L, "the end after it was aborted");
      Check.that(producers(admin, 0).get(0).currentTransactionStartOffset().isEmpty(), "it is still open");

      admin.forceTerminateTransaction(PREFIX + "other").result().get();
      Check.equal(described(admin, "other").state(), TransactionState.EMPTY, "state of an id that was terminated");
      Check.equal(TransactionCases.end(all.get(1), COMMITTED), 2L, "the end after the id was terminated");
      Check.equal(TransactionCases.thrown(other::commitTransaction), "ProducerFencedException", "a commit after that");
      hanging.close(Duration.ZERO);
    }
    Check.equal(TransactionCases.read(all, COMMITTED), Map.of(all.get(0), List.of(), all.get(1), List.of()), "what read_committed sees");
  }

  static void fence() throws Exception {
    Check.createTopic(Check.TOPIC, 2);
    List<TopicPartition> all = Check.partitions(Check.TOPIC, 2);
    try (Admin admin = Check.admin(); KafkaProducer<String, String> first = open("first", 0); KafkaProducer<String, String> second = open("second", 1)) {
      TransactionDescription before = described(admin, "first");
      var fenced = admin.fenceProducers(List.of(PREFIX + "first", PREFIX + "second"));
      fenced.all().get();
      Check.equal(fenced.producerId(PREFIX + "first").get(), before.producerId(), "id of the producer that was fenced");
      Check.that(fenced.epochId(PREFIX + "first").get() > before.producerEpoch(), "its epoch is " + fenced.epochId(PREFIX + "first").get() + " after " + before.producerEpoch());
      for (KafkaProducer<String, String> producer : List.of(first, second))
        Check.equal(TransactionCases.thrown(producer::commitTransaction), "ProducerFencedException", "a commit of one that was fenced");
    }
    for (TopicPartition p : all) Check.equal(TransactionCases.end(p, COMMITTED), 2L, "the last stable offset of " + p);
  }
}
