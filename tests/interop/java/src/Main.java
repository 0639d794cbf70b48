import java.util.LinkedHashMap;
import java.util.Map;

/** Programs on Apache Kafka's own clients: BOOTSTRAP=host:port PREFIX=text- java Main CASE [RECORDS]. */
public final class Main {
  interface Case {
    void run() throws Exception;
  }

  private static Map<String, Case> cases(int count) {
    Map<String, Case> cases = new LinkedHashMap<>();
    cases.put("idempotent", ProducerCases::idempotent);
    cases.put("codecs", ProducerCases::everyCodec);
    cases.put("big-records", ProducerCases::bigRecords);
    cases.put("nulls", ProducerCases::nullsAndTombstones);
    cases.put("group", () -> GroupCases.shareAndHandOver(GroupCases.RANGE));
    cases.put("cooperative", GroupCases::cooperative);
    cases.put("static", GroupCases::staticMember);
    cases.put("group-strangers", GroupErrorCases::strangers);
    cases.put("group-members", GroupErrorCases::members);
    cases.put("group-instances", GroupErrorCases::instances);
    cases.put("group-offsets", GroupErrorCases::offsets);
    cases.put("commit", GroupCases::commitsAndMetadata);
    cases.put("seek", GroupCases::seekAndTimes);
    cases.put("topics", AdminCases::topics);
    cases.put("configs", AdminCases::configs);
    cases.put("groups", AdminCases::groups);
    cases.put("offsets", AdminCases::offsets);
    cases.put("cluster", AdminCases::cluster);
    cases.put("directories", OperatorCases::directories);
    cases.put("elections", OperatorCases::elections);
    cases.put("reassignments", OperatorCases::reassignments);
    cases.put("resources", OperatorCases::resources);
    cases.put("three-cluster", ThreeNodesCases::cluster);
    cases.put("three-quorum", ThreeNodesCases::quorum);
    cases.put("three-elections", ThreeNodesCases::elections);
    cases.put("three-moves", ThreeNodesCases::moves);
    cases.put("three-directories", ThreeNodesCases::directories);
    cases.put("three-features", ThreeNodesCases::features);
    cases.put("three-racks", ThreeNodesCases::racks);
    cases.put("three-unregister", ThreeNodesCases::unregister);
    cases.put("transactions", TransactionAdminCases::listAndDescribe);
    cases.put("transactions-abort", TransactionAdminCases::abort);
    cases.put("transactions-fence", TransactionAdminCases::fence);
    cases.put("fill", () -> FileCases.fill(count));
    cases.put("verify", () -> FileCases.verify(count));
    return cases;
  }

  public static void main(String[] args) {
    run(args[0], cases(args.length > 1 ? Integer.parseInt(args[1]) : 0));
  }

  static void run(String name, Map<String, Case> cases) {
    try {
      cases.get(name).run();
      System.exit(0);
    } catch (Throwable e) {
      e.printStackTrace();
      String message = e instanceof Check.Wrong ? e.getMessage() : e.toString();
      System.err.println("FAILED: " + message.replace('\n', ' '));
      System.exit(1);
    }
  }
}
