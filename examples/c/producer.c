// Sends ten user events and waits until all are acknowledged: cc producer.c -lrdkafka -o producer
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int failures = 0;

static void on_delivery(rd_kafka_t* client, const rd_kafka_message_t* message, void* opaque) {
  (void)client, (void)opaque;
  if (message->err) {
    fprintf(stderr, "send: %s\n", rd_kafka_err2str(message->err));
    failures++;
  } else {
    printf("partition=%d offset=%lld key=%.*s\n", message->partition, (long long)message->offset, (int)message->key_len,
           (const char*)message->key);
  }
}

static void set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  char error[256];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) {
    fprintf(stderr, "%s\n", error);
    exit(1);
  }
}

int main(void) {
  const char* bootstrap = getenv("BOOTSTRAP");
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", bootstrap ? bootstrap : "localhost:9092");
  set(conf, "enable.idempotence", "true");
  set(conf, "compression.type", "gzip");
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  char error[256];
  rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (!producer) {
    fprintf(stderr, "%s\n", error);
    return 1;
  }
  for (int id = 0; id < 10; id++) {
    char key[32], event[160];
    snprintf(key, sizeof key, "user-%d", id);
    snprintf(event, sizeof event,
             "{\"user_id\": %d, \"event_type\": \"user_registered\", \"timestamp\": %lld, \"sent_by\": \"c\"}", id,
             (long long)time(NULL));
    rd_kafka_resp_err_t e = rd_kafka_producev(
        producer, RD_KAFKA_V_TOPIC("user-events"), RD_KAFKA_V_KEY(key, strlen(key)), RD_KAFKA_V_VALUE(event, strlen(event)),
        RD_KAFKA_V_HEADER("content-type", "application/json", -1), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (e) {
      fprintf(stderr, "send: %s\n", rd_kafka_err2str(e));
      failures++;
    }
  }
  if (rd_kafka_flush(producer, 30000)) failures++;
  rd_kafka_destroy(producer);
  return failures ? 1 : 0;
}
