import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Properties;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Apache Kafka's own producer as people use it who set nothing but linger.ms=0. It speaks as crash_client does: record values are
 * numbers within their partition, `gaps` on stdin asks how long each partition went without an acknowledgement, `stop` ends it.
 *
 *   java -cp 'LIBS/*' StockWriter.java BOOTSTRAP TOPIC PARTITIONS RATE
 */
public class StockWriter {
    private final int partitions;
    private final long[] sent, acknowledged, last, longest;

    private StockWriter(int partitions) {
        this.partitions = partitions;
        sent = new long[partitions];
        acknowledged = new long[partitions];
        last = new long[partitions];
        longest = new long[partitions];
        java.util.Arrays.fill(last, System.nanoTime());
    }

    public static void main(String[] arguments) throws Exception {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", arguments[0]);
        settings.put("linger.ms", "0");
        settings.put("delivery.timeout.ms", "600000");  // it never gives up on a record
        settings.put("key.serializer", StringSerializer.class.getName());
        settings.put("value.serializer", StringSerializer.class.getName());
        StockWriter writer = new StockWriter(Integer.parseInt(arguments[2]));
        try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings)) {
            writer.run(producer, arguments[1], Long.parseLong(arguments[3]));
        }
    }

    private void run(KafkaProducer<String, String> producer, String topic, long rate) throws Exception {
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in));
        long started = System.nanoTime();
        for (long total = 0;; ++total) {
            for (long due = started + total * 1_000_000_000L / rate; System.nanoTime() < due;) Thread.sleep(1);
            send(producer, topic, (int) (total % partitions));
            if (!commands.ready()) continue;
            if (commands.readLine().equals("stop")) break;
            System.out.println("gaps_us " + joined(takeGaps()));
        }
        producer.flush();
        System.out.println("acknowledged " + joined(acknowledged));
    }

    private void send(KafkaProducer<String, String> producer, String topic, int partition) {
        long number = sent[partition]++;
        producer.send(new ProducerRecord<>(topic, partition, null, Long.toString(number)), (metadata, error) -> {
            if (error != null) end("a record was given up: " + error);
            delivered(partition, number);
        });
    }

    private synchronized void delivered(int partition, long number) {
        if (number != acknowledged[partition]++) end("partition " + partition + ": " + number + " is acknowledged out of its order");
        long now = System.nanoTime();
        longest[partition] = Math.max(longest[partition], now - last[partition]);
        last[partition] = now;
    }

    private synchronized long[] takeGaps() {
        long now = System.nanoTime();
        long[] gaps = IntStream.range(0, partitions).mapToLong(i -> Math.max(longest[i], now - last[i]) / 1000).toArray();
        java.util.Arrays.fill(longest, 0);
        return gaps;
    }

    private static String joined(long[] numbers) {
        return IntStream.range(0, numbers.length).mapToObj(i -> Long.toString(numbers[i])).collect(Collectors.joining(" "));
    }

    private static void end(String why) {
        System.err.println("FAILED: " + why);
        Runtime.getRuntime().halt(1);
    }
}
