import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeClusterResult;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** The administration client. */
final class AdminCases {
  static void topics() throws Exception {
    try (Admin admin = Check.admin()) {
      NewTopic topic = new NewTopic(Check.TOPIC, 2, (short) 1).configs(Map.of("retention.ms", "123456"));
      CreateTopicsResult dry = admin.createTopics(List.of(topic), new CreateTopicsOptions().validateOnly(true));
      dry.all().get();
      Check.that(!admin.listTopics().names().get().contains(Check.TOPIC), "a dry run created a topic");
      CreateTopicsResult created = admin.createTopics(List.of(topic));
      created.all().get();
      Check.equal(created.numPartitions(Check.TOPIC).get(), 2, "partitions in the answer");
      Check.equal(created.config(Check.TOPIC).get().get("retention.ms").value(), "123456", "retention.ms in the answer");
      Uuid id = created.topicId(Check.TOPIC).get();
      Check.equal(Check.failure(admin.createTopics(List.of(topic)).all()), "TopicExistsException", "creating it again");
      refusals(admin);

      admin.createPartitions(Map.of(Check.TOPIC, NewPartitions.increaseTo(5))).all().get();
      TopicDescription described = describe(admin, 5);
      Check.equal(described.topicId(), id, "topic id");
      described.partitions().forEach(p -> Check.equal(List.of(p.leader().id(), p.replicas().size(), p.isr().size()),
          List.of(described.partitions().get(0).leader().id(), 1, 1), "leader, replicas, in-sync replicas of " + p.partition()));
      admin.deleteTopics(List.of(Check.TOPIC)).all().get();
      Check.until(() -> unknown(admin), () -> Thread.sleep(20), () -> "a deleted topic is still described");
      Check.equal(Check.failure(admin.deleteTopics(List.of(Check.TOPIC)).all()), "UnknownTopicOrPartitionException", "deleting it again");
      // A new topic of the old name is another topic, and empty.
      admin.createTopics(List.of(topic)).all().get();
      Check.that(!describe(admin, 2).topicId().equals(id), "a topic created again has its old id");
    }
  }

  /** Waits for so many partitions: a broker hears of what the controller has done a moment later. */
  private static TopicDescription describe(Admin admin, int partitions) {
    TopicDescription[] found = new TopicDescription[1];
    Check.until(() -> found[0] != null && found[0].partitions().size() == partitions, () -> {
      try {
        found[0] = admin.describeTopics(List.of(Check.TOPIC)).allTopicNames().get().get(Check.TOPIC);
      } catch (ExecutionException e) {
        Check.that(e.getCause() instanceof UnknownTopicOrPartitionException, "describe: " + e.getCause());
      }
    }, () -> "the topic is described as " + found[0]);
    return found[0];
  }

  private static boolean unknown(Admin admin) {
    try {
      return Check.failure(admin.describeTopics(List.of(Check.TOPIC)).allTopicNames()).equals("UnknownTopicOrPartitionException");
    } catch (InterruptedException e) {
      throw new RuntimeException(e);
    }
  }

  private static void refusals(Admin admin) throws Exception {
    Map<String, NewTopic> wrong = new TreeMap<>(Map.of(
        "InvalidPartitionsException", new NewTopic(Check.TOPIC + "-a", 0, (short) 1),
        "InvalidReplicationFactorException", new NewTopic(Check.TOPIC + "-b", 1, (short) 3),
        "InvalidTopicException", new NewTopic("not/a topic", 1, (short) 1),
        "InvalidConfigurationException", new NewTopic(Check.TOPIC + "-c", 1, (short) 1).configs(Map.of("retention.ms", "soon"))));
    for (Map.Entry<String, NewTopic> w : wrong.entrySet()) {
      Check.equal(Check.failure(admin.createTopics(List.of(w.getValue())).all()), w.getKey(), "creating " + w.getValue());
    }
    Check.equal(Check.failure(admin.createPartitions(Map.of(Check.TOPIC, NewPartitions.increaseTo(1))).all()), "InvalidPartitionsException", "fewer partitions");
  }

  static void configs() throws Exception {
    Check.createTopic(Check.TOPIC, 1);
    ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, Check.TOPIC);
    try (Admin admin = Check.admin()) {
      ConfigEntry before = describe(admin, topic).get("retention.ms");
      Check.equal(List.of(before.value(), before.isDefault()), List.of("604800000", true), "retention.ms of a new topic");
      alter(admin, topic, "retention.ms", "3600000", AlterConfigOp.OpType.SET);
      alter(admin, topic, "cleanup.policy", "compact", AlterConfigOp.OpType.APPEND);
      Config config = describe(admin, topic);
      ConfigEntry after = config.get("retention.ms");
      Check.equal(List.of(after.value(), after.source()), List.of("3600000", ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG), "retention.ms when set");
      Check.equal(Set.of(config.get("cleanup.policy").value().split(",")), Set.of("delete", "compact"), "cleanup.policy");
      alter(admin, topic, "retention.ms", null, AlterConfigOp.OpType.DELETE);
      Check.equal(describe(admin, topic).get("retention.ms").value(), "604800000", "retention.ms when deleted");
      Check.equal(Check.failure(altering(admin, topic, "retention.ms", "soon", AlterConfigOp.OpType.SET)), "InvalidConfigurationException", "a bad value");
      Check.equal(Check.failure(altering(admin, topic, "no.such.config", "1", AlterConfigOp.OpType.SET)), "InvalidConfigurationException", "an unknown name");
      ConfigResource nowhere = new ConfigResource(ConfigResource.Type.TOPIC, Check.TOPIC + "-nowhere");
      Check.equal(Check.failure(admin.describeConfigs(List.of(nowhere)).all()), "UnknownTopicOrPartitionException", "configs of no topic");
      int node = admin.describeCluster().controller().get().id();
      Config broker = describe(admin, new ConfigResource(ConfigResource.Type.BROKER, Integer.toString(node)));
      Check.equal(broker.get("group.initial.rebalance.delay.ms").value(), "0", "a broker's configuration from its file");
    }
  }

  private static Config describe(Admin admin, ConfigResource resource) throws Exception {
    return admin.describeConfigs(List.of(resource)).all().get().get(resource);
  }

  private static java.util.concurrent.Future<?> altering(Admin admin, ConfigResource resource, String name, String value, AlterConfigOp.OpType op) {
    return admin.incrementalAlterConfigs(Map.of(resource, List.of(new AlterConfigOp(new ConfigEntry(name, value), op)))).all();
  }

  private static void alter(Admin admin, ConfigResource resource, String name, String value, AlterConfigOp.OpType op) throws Exception {
    altering(admin, resource, name, value, op).get();
  }

  static void groups() throws Exception {
    Check.createTopic(Check.TOPIC, 2);
    Check.send(Check.TOPIC, 0, 100, Map.of());
    try (Admin admin = Check.admin()) {
      try (KafkaConsumer<String, String> consumer = Check.consumer(Map.of("group.id", Check.GROUP, "client.id", "the-client"))) {
        consumer.subscribe(List.of(Check.TOPIC));
        int[] read = {0};
        Check.until(() -> read[0] == 100, () -> read[0] += consumer.poll(Duration.ofMillis(100)).count(), () -> "read " + read[0]);
        consumer.commitSync();
        stableGroup(admin);
        Check.equal(Check.failure(admin.deleteConsumerGroups(List.of(Check.GROUP)).all()), "GroupNotEmptyException", "deleting a group with a member");
      }
      emptyGroup(admin);
    }
  }

  private static void stableGroup(Admin admin) throws Exception {
    ConsumerGroupDescription group = admin.describeConsumerGroups(List.of(Check.GROUP)).all().get().get(Check.GROUP);
    Check.equal(group.groupState(), GroupState.STABLE, "state");
    Check.equal(group.members().size(), 1, "members");
    Check.equal(group.members().iterator().next().clientId(), "the-client", "client id");
    Check.equal(group.members().iterator().next().assignment().topicPartitions().size(), 2, "assigned partitions");
    Check.that(admin.listGroups().all().get().stream().anyMatch(g -> g.groupId().equals(Check.GROUP)), "the group is not listed");
  }

  private static void emptyGroup(Admin admin) throws Exception {
    TopicPartition zero = new TopicPartition(Check.TOPIC, 0), one = new TopicPartition(Check.TOPIC, 1);
    Check.equal(admin.describeConsumerGroups(List.of(Check.GROUP)).all().get().get(Check.GROUP).groupState(), GroupState.EMPTY, "state without members");
    Map<TopicPartition, OffsetAndMetadata> offsets = admin.listConsumerGroupOffsets(Check.GROUP).partitionsToOffsetAndMetadata().get();
    Check.equal(offsets.get(zero).offset() + offsets.get(one).offset(), 100L, "committed offsets together");
    admin.alterConsumerGroupOffsets(Check.GROUP, Map.of(zero, new OffsetAndMetadata(3, "by hand"))).all().get();
    OffsetAndMetadata altered = admin.listConsumerGroupOffsets(Check.GROUP).partitionsToOffsetAndMetadata().get().get(zero);
    Check.equal(List.of(altered.offset(), altered.metadata()), List.of(3L, "by hand"), "altered offset");
    admin.deleteConsumerGroupOffsets(Check.GROUP, Set.of(zero)).all().get();
    Check.equal(admin.listConsumerGroupOffsets(Check.GROUP).partitionsToOffsetAndMetadata().get().keySet(), Set.of(one), "partitions with offsets");
    admin.deleteConsumerGroups(List.of(Check.GROUP)).all().get();
    Check.equal(Check.failure(admin.deleteConsumerGroups(List.of(Check.GROUP)).all()), "GroupIdNotFoundException", "deleting a group twice");
    Check.equal(Check.failure(admin.describeConsumerGroups(List.of(Check.GROUP)).all()), "GroupIdNotFoundException", "describing a deleted group");
  }

  static void offsets() throws Exception {
    Check.createTopic(Check.TOPIC, 1);
    TopicPartition partition = new TopicPartition(Check.TOPIC, 0);
    Check.send(Check.TOPIC, 0, 1000, Map.of());
    try (Admin admin = Check.admin()) {
      Check.equal(offset(admin, partition, OffsetSpec.earliest()).offset(), 0L, "earliest");
      Check.equal(offset(admin, partition, OffsetSpec.latest()).offset(), 1000L, "latest");
      Check.equal(offset(admin, partition, OffsetSpec.forTimestamp(Check.FIRST_TIMESTAMP + 300)).offset(), 300L, "for a timestamp");
      ListOffsetsResultInfo last = offset(admin, partition, OffsetSpec.maxTimestamp());
      Check.equal(List.of(last.offset(), last.timestamp()), List.of(999L, Check.FIRST_TIMESTAMP + 999), "of the largest timestamp");
      Check.equal(admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(400))).all().get() == null
          ? offset(admin, partition, OffsetSpec.earliest()).offset() : -1L, 400L, "earliest after deleting records");
      Check.equal(Check.failure(admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(5000))).all()), "OffsetOutOfRangeException", "deleting beyond the end");
      Check.equal(admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(-1))).lowWatermarks().get(partition).get().lowWatermark(), 1000L, "deleting everything");
    }
    try (KafkaConsumer<String, String> consumer = Check.consumer(Map.of())) {
      consumer.assign(List.of(partition));
      Check.equal(List.of(consumer.beginningOffsets(List.of(partition)).get(partition), consumer.endOffsets(List.of(partition)).get(partition)), List.of(1000L, 1000L), "what is left");
    }
  }

  private static ListOffsetsResultInfo offset(Admin admin, TopicPartition partition, OffsetSpec spec) throws Exception {
    return admin.listOffsets(Map.of(partition, spec)).partitionResult(partition).get();
  }

  static void cluster() throws Exception {
    try (Admin admin = Check.admin()) {
      DescribeClusterResult cluster = admin.describeCluster();
      Check.equal(cluster.nodes().get().size(), 1, "nodes");
      var node = cluster.nodes().get().iterator().next();
      Check.equal(node.host() + ":" + node.port(), Check.BOOTSTRAP, "address of the node");
      Check.that(cluster.clusterId().get().length() == 22, "cluster id " + cluster.clusterId().get());
      Check.equal(cluster.controller().get().id(), node.id(), "controller");
    }
  }
}
