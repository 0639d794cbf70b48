#include <thalweg/client.h>

#include <cstdio>
struct Order {
  std::int64_t id;
  std::string note;
};
THALWEG_DESCRIBE(Order, id, note)
int main(int, char** argv) {
  using namespace thalweg::client;
  auto producer = Producer::open({.brokers = argv[1], .delivery_timeout = 5s});
  if (!producer) return 1;
  auto sent = producer->send("package-test", "key", Order{7, "from outside the tree"});
  if (!sent) return std::fprintf(stderr, "%s\n", sent.error().message.c_str()), 2;
  std::printf("%s-%d@%ld\n", sent->where.topic.c_str(), sent->where.partition, sent->offset);
}
