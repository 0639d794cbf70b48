import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;

/** What operators' tools ask: directories, elections, reassignments, config resources, loggers. */
final class OperatorCases {
  static void directories() throws Exception {
    Check.createTopic(Check.TOPIC, 2);
    Check.send(Check.TOPIC, 0, 100, Map.of());
    try (Admin admin = Check.admin()) {
      int broker = admin.describeCluster().nodes().get().iterator().next().id();
      long bytes = 0;
      int partitions = 0;
      for (LogDirDescription directory : admin.describeLogDirs(List.of(broker)).allDescriptions().get().get(broker).values()) {
        Check.that(directory.error() == null, "error of a directory: " + directory.error());
        Check.that(directory.usableBytes().getAsLong() <= directory.totalBytes().getAsLong(), "more usable space than there is");
        for (var replica : directory.replicaInfos().entrySet()) {
          if (!replica.getKey().topic().equals(Check.TOPIC)) continue;
          ++partitions;
          bytes += replica.getValue().size();
          Check.equal(replica.getValue().offsetLag(), 0L, "lag of " + replica.getKey());
          Check.that(!replica.getValue().isFuture(), replica.getKey() + " moves between directories");
        }
      }
      Check.equal(partitions, 2, "partitions in the directories");
      Check.that(bytes > 1000, "a hundred records take " + bytes + " bytes");
    }
  }

  static void elections() throws Exception {
    Check.createTopic(Check.TOPIC, 1);
    TopicPartition there = new TopicPartition(Check.TOPIC, 0);
    TopicPartition missing = new TopicPartition(Check.TOPIC, 9);
    try (Admin admin = Check.admin()) {
      for (ElectionType type : ElectionType.values()) {
        var outcomes = admin.electLeaders(type, Set.of(there, missing)).partitions().get();
        Check.equal(simpleName(outcomes.get(there)), "ElectionNotNeededException", type + " election");
        Check.equal(simpleName(outcomes.get(missing)), "UnknownTopicOrPartitionException", type + " election of what is not there");
      }
    }
  }

  static void reassignments() throws Exception {
    Check.createTopic(Check.TOPIC, 1);
    TopicPartition partition = new TopicPartition(Check.TOPIC, 0);
    try (Admin admin = Check.admin()) {
      int broker = admin.describeCluster().nodes().get().iterator().next().id();
      reassign(admin, partition, broker).get();
      Check.that(admin.listPartitionReassignments().reassignments().get().isEmpty(), "a reassignment is under way");
      Check.equal(Check.failure(reassign(admin, partition, broker + 1)), "InvalidReplicaAssignmentException", "moving to a broker that is not there");
      Check.equal(Check.failure(admin.alterPartitionReassignments(Map.of(partition, Optional.empty())).all()), "NoReassignmentInProgressException", "cancelling nothing");
    }
  }

  static void resources() throws Exception {
    Check.createTopic(Check.TOPIC, 1);
    try (Admin admin = Check.admin()) {
      String broker = admin.describeCluster().nodes().get().iterator().next().idString();
      ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, Check.GROUP);
      set(admin, group, "consumer.session.timeout.ms", "50000");
      var listed = admin.listConfigResources().all().get();
      for (ConfigResource resource : List.of(group, new ConfigResource(ConfigResource.Type.TOPIC, Check.TOPIC),
          new ConfigResource(ConfigResource.Type.BROKER, broker), new ConfigResource(ConfigResource.Type.BROKER_LOGGER, broker)))
        Check.that(listed.contains(resource), resource + " is not listed");
      ConfigResource loggers = new ConfigResource(ConfigResource.Type.BROKER_LOGGER, broker);
      set(admin, loggers, "root", "WARN");
      Check.equal(level(admin, loggers), "WARN", "level of the root logger");
      set(admin, loggers, "root", "INFO");
    }
  }

  private static org.apache.kafka.common.KafkaFuture<Void> reassign(Admin admin, TopicPartition partition, int broker) {
    return admin.alterPartitionReassignments(Map.of(partition, Optional.of(new NewPartitionReassignment(List.of(broker))))).all();
  }

  private static void set(Admin admin, ConfigResource resource, String name, String value) throws Exception {
    admin.incrementalAlterConfigs(Map.of(resource, List.of(new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET)))).all().get();
  }

  private static String level(Admin admin, ConfigResource loggers) throws Exception {
    return admin.describeConfigs(List.of(loggers)).all().get().get(loggers).get("root").value();
  }

  private static String simpleName(Optional<Throwable> outcome) {
    return outcome.map(e -> e.getClass().getSimpleName()).orElse("success");
  }
}
