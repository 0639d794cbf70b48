import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Prints user events as a member of a group, until Ctrl-C. Start a second one: the two share the partitions. */
public final class Consumer {
  public static void main(String[] args) {
    Map<String, Object> config = Map.of(
        "bootstrap.servers", System.getenv().getOrDefault("BOOTSTRAP", "localhost:9092"),
        "group.id", System.getenv().getOrDefault("GROUP", "my-consumer-group"),
        "auto.offset.reset", "earliest");
    Thread main = Thread.currentThread();
    try (var consumer = new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> {
        consumer.wakeup();
        try {
          main.join();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }));
      consumer.subscribe(List.of("user-events"));
      while (true) {
        for (ConsumerRecord<String, String> r : consumer.poll(Duration.ofMillis(500))) {
          System.out.printf("partition=%d offset=%d key=%s value=%s%n", r.partition(), r.offset(), r.key(), r.value());
        }
      }
    } catch (WakeupException e) {
      // Ctrl-C: leaving the block has left the group.
    }
  }
}
