import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.AddRaftVoterOptions;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.clients.admin.RemoveRaftVoterOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.Uuid;

/** What operators do to a cluster of nodes 1, 2 and 3, each in a rack of its name, with two directories, voting by request. */
final class ThreeNodesCases {
  private static final Set<Integer> ALL = Set.of(1, 2, 3);

  static void cluster() throws Exception {
    try (Admin admin = Check.admin()) {
      var described = admin.describeCluster();
      Check.equal(described.nodes().get().stream().map(Node::id).collect(Collectors.toSet()), ALL, "brokers");
      for (Node node : described.nodes().get()) Check.equal(node.rack(), "rack-" + node.id(), "rack of broker " + node.id());
      Check.that(ALL.contains(described.controller().get().id()), "the controller is " + described.controller().get());
      Check.that(!described.clusterId().get().isEmpty(), "no cluster id");
    }
  }

  static void quorum() throws Exception {
    try (Admin admin = Check.admin()) {
      QuorumInfo before = admin.describeMetadataQuorum().quorumInfo().get();
      Check.equal(voters(before), ALL, "voters");
      Check.that(ALL.contains(before.leaderId()) && before.leaderEpoch() > 0 && before.highWatermark() > 0, "the quorum is " + before);
      for (var voter : before.voters()) {
        Check.that(voter.logEndOffset() > 0, "the end of a voter's log: " + voter);
        Check.that(!voter.replicaDirectoryId().equals(Uuid.ZERO_UUID), "no directory: " + voter);
        Check.equal(before.nodes().get(voter.replicaId()).endpoints().size(), 1, "endpoints of voter " + voter.replicaId());
      }
      var victim = before.voters().stream().filter(voter -> voter.replicaId() != before.leaderId()).findFirst().get();
      remove(admin, victim).get();
      Check.equal(voters(admin.describeMetadataQuorum().quorumInfo().get()).contains(victim.replicaId()), false, "a removed voter votes");
      Check.equal(Check.failure(remove(admin, victim)), "VoterNotFoundException", "removing it again");
      String other = Uuid.randomUuid().toString();
      Check.equal(Check.failure(admin.removeRaftVoter(victim.replicaId(), victim.replicaDirectoryId(), new RemoveRaftVoterOptions().setClusterId(Optional.of(other))).all()),
          "InconsistentClusterIdException", "removing from another cluster");
      waitFor("the node that lost its vote follows", () -> admin.describeMetadataQuorum().quorumInfo().get().observers().stream()
          .anyMatch(observer -> observer.replicaId() == victim.replicaId() && observer.logEndOffset() > 0));
      add(admin, before, victim).get();
      waitFor("it votes again", () -> voters(admin.describeMetadataQuorum().quorumInfo().get()).equals(ALL));
      Check.equal(Check.failure(add(admin, before, victim)), "DuplicateVoterException", "adding it again");
    }
  }

  static void elections() throws Exception {
    try (Admin admin = Check.admin()) {
      admin.createTopics(List.of(new NewTopic(Check.TOPIC, Map.of(0, List.of(1, 2, 3))))).all().get();
      TopicPartition partition = new TopicPartition(Check.TOPIC, 0);
      waitFor("all are in sync", () -> inSync(admin).equals(ALL));
      Check.equal(elect(admin, ElectionType.PREFERRED, partition), "ElectionNotNeededException", "a preferred election where the preferred one leads");
      Check.equal(elect(admin, ElectionType.UNCLEAN, partition), "ElectionNotNeededException", "an unclean election where there is a leader");
      move(admin, partition, 2, 1, 3).get();
      waitFor("another one is preferred", () -> described(admin).replicas().get(0).id() == 2 && moves(admin) == 0);
      // Kafka may have moved the leadership with the replicas or may not: that it can be asked for is what counts.
      String elected = elect(admin, ElectionType.PREFERRED, partition);
      Check.that(elected.equals("success") || elected.equals("ElectionNotNeededException"), "electing the preferred one: " + elected);
      waitFor("the preferred one leads", () -> described(admin).leader().id() == 2);
      Check.equal(elect(admin, ElectionType.PREFERRED, new TopicPartition(Check.TOPIC, 7)), "UnknownTopicOrPartitionException", "electing for what is not there");
    }
  }

  static void moves() throws Exception {
    try (Admin admin = Check.admin()) {
      admin.createTopics(List.of(new NewTopic(Check.TOPIC, Map.of(0, List.of(1, 2))))).all().get();
      TopicPartition partition = new TopicPartition(Check.TOPIC, 0);
      Check.send(Check.TOPIC, 0, 2000, Map.of());
      move(admin, partition, 2, 3).get();
      waitFor("it has moved", () -> moves(admin) == 0 && inSync(admin).equals(Set.of(2, 3)));
      Check.equal(described(admin).replicas().stream().map(Node::id).toList(), List.of(2, 3), "replicas");
      Check.readAll(Check.TOPIC, 1, 2000, Map.of());
      Check.equal(Check.failure(admin.alterPartitionReassignments(Map.of(partition, Optional.empty())).all()), "NoReassignmentInProgressException", "cancelling nothing");
      Check.equal(Check.failure(move(admin, partition, 2, 9)), "InvalidReplicaAssignmentException", "moving to who is not there");
      Check.equal(Check.failure(move(admin, partition, 2, 2)), "InvalidReplicaAssignmentException", "two replicas at one broker");
    }
  }

  static void directories() throws Exception {
    try (Admin admin = Check.admin()) {
      admin.createTopics(List.of(new NewTopic(Check.TOPIC, Map.of(0, List.of(1, 2, 3))))).all().get();
      Check.send(Check.TOPIC, 0, 500, Map.of());
      TopicPartitionReplica replica = new TopicPartitionReplica(Check.TOPIC, 0, 2);
      waitFor("the replica has a directory", () -> directory(admin, replica) != null);
      String from = directory(admin, replica);
      Set<String> directories = admin.describeLogDirs(List.of(2)).allDescriptions().get().get(2).keySet();
      Check.equal(directories.size(), 2, "directories");
      String to = directories.stream().filter(one -> !one.equals(from)).findFirst().get();
      admin.alterReplicaLogDirs(Map.of(replica, to)).all().get();
      waitFor("the replica lies in the other directory", () -> to.equals(directory(admin, replica)));
      Check.equal(admin.describeReplicaLogDirs(List.of(replica)).all().get().get(replica).getFutureReplicaLogDir(), null, "a move that is over");
      Check.readAll(Check.TOPIC, 1, 500, Map.of());
      Check.equal(Check.failure(admin.alterReplicaLogDirs(Map.of(replica, "/nowhere")).all()), "LogDirNotFoundException", "moving to no directory");
    }
  }

  static void features() throws Exception {
    try (Admin admin = Check.admin()) {
      var features = admin.describeFeatures().featureMetadata().get();
      short level = features.finalizedFeatures().get("metadata.version").maxVersionLevel();
      Check.that(level <= features.supportedFeatures().get("metadata.version").maxVersion(), "finalized beyond what is supported");
      Check.equal(Check.failure(update(admin, "metadata.version", (short) (level + 50), FeatureUpdate.UpgradeType.UPGRADE)), "InvalidUpdateVersionException", "a level that is not there");
      Check.equal(Check.failure(update(admin, "no.such.feature", (short) 1, FeatureUpdate.UpgradeType.UPGRADE)), "InvalidUpdateVersionException", "a feature that is not there");
      Check.equal(Check.failure(update(admin, "metadata.version", (short) (level - 1), FeatureUpdate.UpgradeType.UPGRADE)), "InvalidUpdateVersionException", "going back by an upgrade");
      update(admin, "eligible.leader.replicas.version", (short) 1, FeatureUpdate.UpgradeType.UPGRADE).get();
      Check.equal(admin.describeFeatures().featureMetadata().get().finalizedFeatures().get("metadata.version").maxVersionLevel(), level, "metadata.version");
    }
  }

  /** A consumer of a rack reads at the replica that is there (KIP-392), and says so in its metrics. */
  static void racks() throws Exception {
    try (Admin admin = Check.admin()) {
      admin.createTopics(List.of(new NewTopic(Check.TOPIC, Map.of(0, List.of(1, 2, 3))))).all().get();
      waitFor("all are in sync", () -> inSync(admin).equals(ALL));
    }
    Check.send(Check.TOPIC, 0, 300, Map.of());
    try (KafkaConsumer<String, String> consumer = Check.consumer(Map.of("client.rack", "rack-3"))) {
      List<TopicPartition> partitions = Check.partitions(Check.TOPIC, 1);
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      Check.Seen seen = new Check.Seen();
      Set<Integer> readAt = new HashSet<>();
      Check.until(() -> seen.times.size() >= 300 && readAt.contains(3), () -> {
        seen.takeAll(consumer.poll(Duration.ofMillis(200)));
        consumer.metrics().forEach((name, metric) -> {
          if (name.name().equals("preferred-read-replica")) readAt.add(((Number) metric.metricValue()).intValue());
        });
      }, () -> "read " + seen.times.size() + " records, at replicas " + readAt);
      seen.exactly(0, 300);
    }
  }

  /** Node 3 was stopped before. */
  static void unregister() throws Exception {
    try (Admin admin = Check.admin()) {
      waitFor("it is fenced", () -> admin.describeCluster().nodes().get().size() == 2);
      admin.unregisterBroker(3).all().get();
      Check.equal(Check.failure(admin.unregisterBroker(3).all()), "BrokerIdNotRegisteredException", "unregistering it again");
      Check.equal(new TreeSet<>(admin.describeCluster().nodes().get().stream().map(Node::id).toList()), new TreeSet<>(Set.of(1, 2)), "brokers");
    }
  }

  // ---- What the cases ask

  private static Set<Integer> voters(QuorumInfo quorum) {
    return quorum.voters().stream().map(QuorumInfo.ReplicaState::replicaId).collect(Collectors.toSet());
  }

  private static KafkaFuture<Void> remove(Admin admin, QuorumInfo.ReplicaState voter) {
    return admin.removeRaftVoter(voter.replicaId(), voter.replicaDirectoryId()).all();
  }

  private static KafkaFuture<Void> add(Admin admin, QuorumInfo where, QuorumInfo.ReplicaState voter) {
    return admin.addRaftVoter(voter.replicaId(), voter.replicaDirectoryId(), new HashSet<>(where.nodes().get(voter.replicaId()).endpoints()), new AddRaftVoterOptions()).all();
  }

  private static KafkaFuture<Void> move(Admin admin, TopicPartition partition, Integer... brokers) {
    return admin.alterPartitionReassignments(Map.of(partition, Optional.of(new NewPartitionReassignment(new ArrayList<>(List.of(brokers)))))).all();
  }

  private static KafkaFuture<Void> update(Admin admin, String feature, short level, FeatureUpdate.UpgradeType type) {
    return admin.updateFeatures(Map.of(feature, new FeatureUpdate(level, type)), new UpdateFeaturesOptions()).all();
  }

  private static String elect(Admin admin, ElectionType type, TopicPartition partition) throws Exception {
    return admin.electLeaders(type, Set.of(partition)).partitions().get().get(partition).map(e -> e.getClass().getSimpleName()).orElse("success");
  }

  private static int moves(Admin admin) throws Exception {
    return admin.listPartitionReassignments().reassignments().get().size();
  }

  private static TopicPartitionInfo described(Admin admin) throws Exception {
    TopicDescription topic = admin.describeTopics(List.of(Check.TOPIC)).allTopicNames().get().get(Check.TOPIC);
    return topic.partitions().get(0);
  }

  private static Set<Integer> inSync(Admin admin) throws Exception {
    return described(admin).isr().stream().map(Node::id).collect(Collectors.toSet());
  }

  private static String directory(Admin admin, TopicPartitionReplica replica) throws Exception {
    var info = admin.describeReplicaLogDirs(List.of(replica)).all().get().get(replica);
    return info.getFutureReplicaLogDir() != null ? null : info.getCurrentReplicaLogDir();
  }

  private static void waitFor(String what, Callable<Boolean> done) throws Exception {
    long end = System.nanoTime() + Check.LIMIT.toNanos();
    while (true) {
      try {
        if (done.call()) return;
      } catch (java.util.concurrent.ExecutionException e) {
        if (!(e.getCause() instanceof org.apache.kafka.common.errors.RetriableException)) throw e;
      }
      Check.that(System.nanoTime() < end, "it is not so that " + what);
      Thread.sleep(100);
    }
  }
}
