import java.util.Map;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;

/** Sends ten user events and waits until all are acknowledged. */
public final class Producer {
  public static void main(String[] args) throws Exception {
    Map<String, Object> config = Map.of(
        "bootstrap.servers", System.getenv().getOrDefault("BOOTSTRAP", "localhost:9092"),
        "compression.type", "snappy");
    try (var producer = new KafkaProducer<>(config, new StringSerializer(), new StringSerializer())) {
      for (int id = 0; id < 10; id++) {
        String event = String.format("{\"user_id\": %d, \"event_type\": \"user_registered\", \"timestamp\": %d, \"sent_by\": \"java\"}",
            id, System.currentTimeMillis() / 1000);
        var record = new ProducerRecord<>("user-events", "user-" + id, event);
        record.headers().add("content-type", "application/json".getBytes());
        Future<RecordMetadata> sent = producer.send(record);
        System.out.printf("partition=%d offset=%d key=user-%d%n", sent.get().partition(), sent.get().offset(), id);
      }
    }
  }
}
