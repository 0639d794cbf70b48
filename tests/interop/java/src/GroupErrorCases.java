import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.apache.kafka.common.message.DeleteGroupsRequestData;
import org.apache.kafka.common.message.DeleteGroupsResponseData;
import org.apache.kafka.common.message.DescribeGroupsRequestData;
import org.apache.kafka.common.message.DescribeGroupsResponseData;
import org.apache.kafka.common.message.FindCoordinatorRequestData;
import org.apache.kafka.common.message.FindCoordinatorResponseData;
import org.apache.kafka.common.message.HeartbeatRequestData;
import org.apache.kafka.common.message.HeartbeatResponseData;
import org.apache.kafka.common.message.JoinGroupRequestData;
import org.apache.kafka.common.message.JoinGroupResponseData;
import org.apache.kafka.common.message.LeaveGroupRequestData;
import org.apache.kafka.common.message.LeaveGroupResponseData;
import org.apache.kafka.common.message.OffsetCommitRequestData;
import org.apache.kafka.common.message.OffsetCommitResponseData;
import org.apache.kafka.common.message.OffsetDeleteRequestData;
import org.apache.kafka.common.message.OffsetDeleteResponseData;
import org.apache.kafka.common.message.OffsetFetchRequestData;
import org.apache.kafka.common.message.OffsetFetchResponseData;
import org.apache.kafka.common.message.SyncGroupRequestData;
import org.apache.kafka.common.message.SyncGroupResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.Errors;

/** What a group coordinator answers to requests that come too early, too late, or from the wrong one. */
final class GroupErrorCases {
  private static final byte[] SUBSCRIPTION = {0, 0, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 0};

  private final Wire wire = new Wire();
  private final String group;

  private GroupErrorCases(String name) throws Exception {
    group = Check.GROUP + name;
    // Who looks for a coordinator first has the topic of all groups created, and may find it being loaded.
    Check.until(() -> asked(() -> findCoordinator() == 0 && describe(group, 5).errorCode() == 0), () -> Thread.sleep(200), () -> "a coordinator");
  }

  private interface Question {
    boolean holds() throws Exception;
  }

  private static boolean asked(Question question) {
    try {
      return question.holds();
    } catch (Exception e) {
      throw new RuntimeException(e);
    }
  }

  // ---------------------------------------------------------------------------------------------- requests

  private short findCoordinator() throws Exception {
    FindCoordinatorResponseData response = wire.call(ApiKeys.FIND_COORDINATOR, 4, new FindCoordinatorRequestData().setCoordinatorKeys(List.of(group)));
    return response.coordinators().get(0).errorCode();
  }

  private JoinGroupRequestData join(String member, String instance) {
    JoinGroupRequestData.JoinGroupRequestProtocolCollection protocols = new JoinGroupRequestData.JoinGroupRequestProtocolCollection();
    protocols.add(new JoinGroupRequestData.JoinGroupRequestProtocol().setName("range").setMetadata(SUBSCRIPTION));
    return new JoinGroupRequestData().setGroupId(group).setMemberId(member).setGroupInstanceId(instance).setProtocolType("consumer").setSessionTimeoutMs(30000).setRebalanceTimeoutMs(30000).setProtocols(protocols);
  }

  private Errors join(int version, JoinGroupRequestData request) throws Exception {
    JoinGroupResponseData response = wire.call(ApiKeys.JOIN_GROUP, version, request);
    return Errors.forCode(response.errorCode());
  }

  private SyncGroupRequestData sync(int generation, String member, String... assigned) {
    List<SyncGroupRequestData.SyncGroupRequestAssignment> assignments = new ArrayList<>();
    for (String to : assigned) assignments.add(new SyncGroupRequestData.SyncGroupRequestAssignment().setMemberId(to).setAssignment(new byte[] {1}));
    return new SyncGroupRequestData().setGroupId(group).setGenerationId(generation).setMemberId(member).setProtocolType("consumer").setProtocolName("range").setAssignments(assignments);
  }

  private Errors sync(int version, SyncGroupRequestData request) throws Exception {
    SyncGroupResponseData response = wire.call(ApiKeys.SYNC_GROUP, version, request);
    return Errors.forCode(response.errorCode());
  }

  private Errors heartbeat(int generation, String member, String instance) throws Exception {
    HeartbeatResponseData response = wire.call(ApiKeys.HEARTBEAT, 4, new HeartbeatRequestData().setGroupId(group).setGenerationId(generation).setMemberId(member).setGroupInstanceId(instance));
    return Errors.forCode(response.errorCode());
  }

  private Errors leave(String member, String instance) throws Exception {
    LeaveGroupResponseData response = wire.call(ApiKeys.LEAVE_GROUP, 4, new LeaveGroupRequestData().setGroupId(group).setMembers(List.of(new LeaveGroupRequestData.MemberIdentity().setMemberId(member).setGroupInstanceId(instance))));
    return Errors.forCode(response.members().get(0).errorCode());
  }

  private OffsetCommitRequestData commit(int generation, String member, int partitions, String metadata) {
    List<OffsetCommitRequestData.OffsetCommitRequestPartition> list = new ArrayList<>();
    for (int p = 0; p < partitions; p++) list.add(new OffsetCommitRequestData.OffsetCommitRequestPartition().setPartitionIndex(p).setCommittedOffset(5).setCommittedMetadata(metadata));
    return new OffsetCommitRequestData().setGroupId(group).setGenerationIdOrMemberEpoch(generation).setMemberId(member).setTopics(List.of(new OffsetCommitRequestData.OffsetCommitRequestTopic().setName(Check.TOPIC).setPartitions(list)));
  }

  /** The error of any partition, or that there is none. */
  private Errors commit(int version, OffsetCommitRequestData request) throws Exception {
    OffsetCommitResponseData response = wire.call(ApiKeys.OFFSET_COMMIT, version, request);
    return response.topics().get(0).partitions().stream().map(p -> Errors.forCode(p.errorCode())).filter(e -> e != Errors.NONE).findFirst().orElse(Errors.NONE);
  }

  private Errors deleteOffset(String topic, int partition) throws Exception {
    OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection topics = new OffsetDeleteRequestData.OffsetDeleteRequestTopicCollection();
    topics.add(new OffsetDeleteRequestData.OffsetDeleteRequestTopic().setName(topic).setPartitions(List.of(new OffsetDeleteRequestData.OffsetDeleteRequestPartition().setPartitionIndex(partition))));
    OffsetDeleteResponseData response = wire.call(ApiKeys.OFFSET_DELETE, 0, new OffsetDeleteRequestData().setGroupId(group).setTopics(topics));
    if (response.errorCode() != 0) return Errors.forCode(response.errorCode());
    return Errors.forCode(response.topics().find(topic).partitions().find(partition).errorCode());
  }

  private DescribeGroupsResponseData.DescribedGroup describe(String id, int version) throws Exception {
    DescribeGroupsResponseData response = wire.call(ApiKeys.DESCRIBE_GROUPS, version, new DescribeGroupsRequestData().setGroups(List.of(id)));
    return response.groups().get(0);
  }

  private Errors delete(String id) throws Exception {
    DeleteGroupsResponseData response = wire.call(ApiKeys.DELETE_GROUPS, 2, new DeleteGroupsRequestData().setGroupsNames(List.of(id, id)));
    Check.equal(response.results().size(), 1, "answers for a group that is named twice");
    return Errors.forCode(response.results().find(id).errorCode());
  }

  // ---------------------------------------------------------------------------------------------- cases

  static void strangers() throws Exception {
    GroupErrorCases g = new GroupErrorCases("-strangers");
    Check.equal(g.join(5, g.join("somebody", null)), Errors.UNKNOWN_MEMBER_ID, "join with an id to a group that does not exist");
    Check.equal(g.join(5, g.join("", null).setSessionTimeoutMs(1)), Errors.INVALID_SESSION_TIMEOUT, "join with a short session");
    Check.equal(g.join(5, g.join("", null).setGroupId("")), Errors.INVALID_GROUP_ID, "join to no group");
    Check.equal(g.join(3, g.join("", null).setProtocolType("")), Errors.INCONSISTENT_GROUP_PROTOCOL, "join without a protocol type");
    Check.equal(g.sync(5, g.sync(1, "somebody")), Errors.UNKNOWN_MEMBER_ID, "sync of a stranger");
    Check.equal(g.sync(5, g.sync(1, "somebody").setProtocolName(null)), Errors.INCONSISTENT_GROUP_PROTOCOL, "sync 5 without a protocol");
    Check.equal(g.heartbeat(1, "somebody", null), Errors.UNKNOWN_MEMBER_ID, "heartbeat of a stranger");
    Check.equal(g.leave("somebody", null), Errors.UNKNOWN_MEMBER_ID, "leave of a stranger");

    JoinGroupResponseData promised = g.wire.call(ApiKeys.JOIN_GROUP, 5, g.join("", null));
    Wire.error(promised.errorCode(), Errors.MEMBER_ID_REQUIRED, "first join of version 5");
    Check.equal(g.heartbeat(0, promised.memberId(), null), Errors.UNKNOWN_MEMBER_ID, "heartbeat with an id that was not used yet");
    Check.equal(g.leave(promised.memberId(), "instance"), Errors.NONE, "leave with an id that was not used yet");
    Check.equal(g.join(5, g.join(promised.memberId(), null)), Errors.UNKNOWN_MEMBER_ID, "join with an id that has left");

    Check.equal(g.describe(g.group + "-none", 5).groupState(), "Dead", "state of a group that does not exist");
    Wire.error(g.describe(g.group + "-none", 6).errorCode(), Errors.GROUP_ID_NOT_FOUND, "describe of version 6");
    Check.equal(g.delete(g.group + "-none"), Errors.GROUP_ID_NOT_FOUND, "delete of a group that does not exist");
  }

  static void members() throws Exception {
    GroupErrorCases g = new GroupErrorCases("-members");
    JoinGroupResponseData first = g.wire.call(ApiKeys.JOIN_GROUP, 3, g.join("", null));
    String a = first.memberId();
    Check.equal(g.sync(5, g.sync(1, a, a)), Errors.NONE, "sync of the leader");
    Check.equal(g.heartbeat(1, a, null), Errors.NONE, "heartbeat");
    Check.equal(g.heartbeat(2, a, null), Errors.ILLEGAL_GENERATION, "heartbeat of another generation");
    Check.equal(g.heartbeat(1, a, "instance"), Errors.UNKNOWN_MEMBER_ID, "heartbeat of an unknown instance");
    Check.equal(g.sync(5, g.sync(1, a).setProtocolName("roundrobin")), Errors.INCONSISTENT_GROUP_PROTOCOL, "sync with another protocol");
    Check.equal(g.join(5, g.join("", null).setProtocolType("connect")), Errors.INCONSISTENT_GROUP_PROTOCOL, "join of another type");
    Check.equal(g.delete(g.group), Errors.NON_EMPTY_GROUP, "delete of a group with members");

    try (Wire other = new Wire()) {
      CompletableFuture<JoinGroupResponseData> second = other.later(ApiKeys.JOIN_GROUP, 3, g.join("", null));
      g.untilDescribed(described -> described.groupState().equals("PreparingRebalance"));
      Check.equal(g.describe(g.group, 5).members().stream().filter(m -> m.memberAssignment().length == 1).count(), 1L, "members shown with their last assignment");
      Check.equal(g.heartbeat(1, a, null), Errors.REBALANCE_IN_PROGRESS, "heartbeat while others join");
      Check.equal(g.sync(5, g.sync(1, a)), Errors.REBALANCE_IN_PROGRESS, "sync while others join");
      Check.equal(g.join(5, g.join(a, null)), Errors.NONE, "join again");
      String b = second.get().memberId();
      Check.equal(g.heartbeat(2, a, null), Errors.NONE, "heartbeat while others sync");
      CompletableFuture<SyncGroupResponseData> follower = other.later(ApiKeys.SYNC_GROUP, 5, g.sync(2, b));
      SyncGroupRequestData huge = g.sync(2, a, a);
      huge.assignments().get(0).setAssignment(new byte[1200000]);
      Check.equal(g.sync(5, huge), Errors.UNKNOWN_SERVER_ERROR, "sync with an assignment that no log takes");
      follower.get();  // hears the same, or, if it comes later, that it must join again
      Check.equal(g.heartbeat(2, b, null), Errors.REBALANCE_IN_PROGRESS, "heartbeat behind an assignment that was lost");
    }
  }

  private void untilDescribed(Predicate<DescribeGroupsResponseData.DescribedGroup> condition) {
    Check.until(() -> asked(() -> condition.test(describe(group, 5))), () -> Thread.sleep(20), () -> "the group's state");
  }

  static void instances() throws Exception {
    GroupErrorCases g = new GroupErrorCases("-instances");
    JoinGroupResponseData first = g.wire.call(ApiKeys.JOIN_GROUP, 5, g.join("", "i"));
    Check.equal(g.sync(5, g.sync(1, first.memberId(), first.memberId()).setGroupInstanceId("i")), Errors.NONE, "sync");
    JoinGroupResponseData again = g.wire.call(ApiKeys.JOIN_GROUP, 9, g.join("", "i"));
    Check.equal(List.of(again.generationId(), again.skipAssignment(), again.members().size()), List.of(1, true, 1), "the leader comes back");
    JoinGroupResponseData older = g.wire.call(ApiKeys.JOIN_GROUP, 8, g.join("", "i"));
    Check.equal(List.of(older.generationId(), older.leader(), older.members().size()), List.of(1, again.memberId(), 0), "the leader comes back, version 8");
    Check.equal(g.heartbeat(1, again.memberId(), "i"), Errors.FENCED_INSTANCE_ID, "heartbeat of the one before");
    Check.equal(g.heartbeat(1, again.memberId(), null), Errors.UNKNOWN_MEMBER_ID, "heartbeat of the one before, without instance");
    Check.equal(g.sync(5, g.sync(1, again.memberId()).setGroupInstanceId("i")), Errors.FENCED_INSTANCE_ID, "sync of the one before");
    Check.equal(g.join(5, g.join(again.memberId(), "i")), Errors.FENCED_INSTANCE_ID, "join of the one before");
    Check.equal(g.leave(again.memberId(), "i"), Errors.FENCED_INSTANCE_ID, "leave of the one before");
    Check.equal(g.leave("", "j"), Errors.UNKNOWN_MEMBER_ID, "removal of an unknown instance");
    Check.equal(g.leave("", "i"), Errors.NONE, "removal by instance");
    Check.equal(g.describe(g.group, 5).groupState(), "Empty", "state");
  }

  static void offsets() throws Exception {
    Check.createTopic(Check.TOPIC, 300);
    GroupErrorCases g = new GroupErrorCases("-offsets");
    Check.equal(g.commit(8, g.commit(3, "somebody", 1, "")), Errors.ILLEGAL_GENERATION, "commit 8 to a group that does not exist");
    Check.equal(g.commit(9, g.commit(3, "somebody", 1, "")), Errors.GROUP_ID_NOT_FOUND, "commit 9 to a group that does not exist");
    Check.equal(g.commit(8, g.commit(-1, "", 301, "")), Errors.UNKNOWN_TOPIC_OR_PARTITION, "commit of one partition too many");
    Check.equal(g.commit(8, g.commit(-1, "", 1, "é".repeat(4096))), Errors.NONE, "metadata of 4096 characters");
    Check.equal(g.commit(8, g.commit(-1, "", 1, "x".repeat(4097))), Errors.OFFSET_METADATA_TOO_LARGE, "metadata of 4097 characters");
    Check.equal(g.delete(g.group), Errors.NONE, "delete");
    Check.equal(g.commit(8, g.commit(-1, "", 300, "x".repeat(4000))), Errors.UNKNOWN_SERVER_ERROR, "a commit larger than a batch");
    OffsetFetchResponseData fetched = g.wire.call(ApiKeys.OFFSET_FETCH, 7, new OffsetFetchRequestData().setGroupId(g.group).setTopics(null));
    Check.equal(fetched.topics().size(), 0, "topics of which something was committed");

    JoinGroupResponseData joined = g.wire.call(ApiKeys.JOIN_GROUP, 3, g.join("", null));
    Check.equal(g.commit(8, g.commit(joined.generationId(), joined.memberId(), 1, "")), Errors.REBALANCE_IN_PROGRESS, "commit before the sync");
    Check.equal(g.sync(5, g.sync(joined.generationId(), joined.memberId(), joined.memberId())), Errors.NONE, "sync");
    Check.equal(g.commit(8, g.commit(joined.generationId(), joined.memberId(), 1, "")), Errors.NONE, "commit of a member");
    Check.equal(g.commit(8, g.commit(-1, "", 1, "")), Errors.UNKNOWN_MEMBER_ID, "commit of nobody beside members");
    Check.equal(g.commit(8, g.commit(joined.generationId() + 1, joined.memberId(), 1, "")), Errors.ILLEGAL_GENERATION, "commit of another generation");
    Check.equal(g.deleteOffset(Check.TOPIC, 0), Errors.NONE, "offset of a topic that nobody reads");
    Check.equal(g.deleteOffset(Check.TOPIC, 300), Errors.UNKNOWN_TOPIC_OR_PARTITION, "offset of a partition that does not exist");
  }
}
