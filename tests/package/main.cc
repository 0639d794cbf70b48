#include <cstdio>
#include <thalweg/client.h>
struct Order { std::int64_t id; std::string note; };
THALWEG_DESCRIBE(Order, id, note)
int main(int argc, char** argv) {
  auto producer = thalweg::client::Producer::open({.brokers = argc > 1 ? argv[1] : "localhost:9092", .delivery_timeout = std::chrono::seconds(5)});
  if (!producer) return std::fprintf(stderr, "%s\n", producer.error().message.c_str()), 1;
  auto sent = producer->send("package-test", "key", Order{7, "from outside the tree"});
  return sent ? std::printf("%s-%d@%lld\n", sent->where.topic.c_str(), sent->where.partition, (long long)sent->offset), 0
              : (std::fprintf(stderr, "%s: %s\n", std::string(sent.error().name()).c_str(), sent.error().message.c_str()), 2);
}
