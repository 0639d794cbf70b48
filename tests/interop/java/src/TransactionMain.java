import java.util.Map;

/** The cases that older clients can run, too: with their jars before Kafka's, Main would ask for classes that they lack. */
public final class TransactionMain {
  public static void main(String[] args) {
    Main.run(args[0], Map.of(
        "commit-abort", TransactionCases::commitAndAbort,
        "stable-offset", TransactionCases::stableOffset,
        "consume-produce", TransactionCases::consumeProcessProduce,
        "fencing", TransactionCases::fencing,
        "timeout", TransactionCases::timeout,
        "restarts", TransactionCases::restarts));
  }
}
