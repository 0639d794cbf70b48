// The toolkit's Protobuf serde beside foreign ones: protobuf_client REGISTRY TOPIC write, or ... read HEX...
//
// `write` prints two records' values in hexadecimal, an order and, under TOPIC-lines, one of its lines; `read` takes
// the same two and prints what is in them.
#include <cstdio>
#include <string>
#include <string_view>

#include "shop.pb.h"
#include "thalweg/client/protobuf.h"

using namespace thalweg::client;

namespace {

std::string to_hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes)
    for (const int shift : {4, 0}) hex += "0123456789abcdef"[static_cast<unsigned char>(c) >> shift & 15];
  return hex;
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

template <class M>
bool write(const Serde<M>& serde, const std::string& topic, const M& value) {
  std::string out;
  const auto ok = serde.write(value, out, {.topic = topic});
  if (!ok) std::fprintf(stderr, "FAILED: %s\n", ok.error().message.c_str());
  std::printf("%s\n", to_hex(out).c_str());
  return ok.has_value();
}

template <class M>
bool read(const Serde<M>& serde, const std::string& topic, std::string_view hex) {
  const auto value = serde.read(from_hex(hex), {.topic = topic});
  if (!value) return std::fprintf(stderr, "FAILED: %s\n", value.error().message.c_str()), false;
  std::printf("%s\n", value->ShortDebugString().c_str());
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return std::fprintf(stderr, "usage: protobuf_client REGISTRY TOPIC write | read ORDER LINE\n"), 2;
  const SchemaRegistry registry({.url = argv[1]});
  const std::string topic = argv[2], lines = topic + "-lines";
  const auto orders = protobuf<shop::Order>(registry);
  const auto order_lines = protobuf<shop::Order::Line>(registry);
  if (std::string_view(argv[3]) == "read" && argc == 6)
    return read(orders, topic, argv[4]) && read(order_lines, lines, argv[5]) ? 0 : 1;
  shop::Order order;
  order.set_id(7);
  order.set_state(shop::Order::PAID);
  order.mutable_price()->set_cents(450);
  order.mutable_price()->set_currency(money::USD);
  order.mutable_placed()->set_seconds(1'700'000'000);
  (*order.mutable_tags())["gift"] = "yes";
  auto* line = order.add_lines();
  line->set_item("tea");
  line->set_count(2);
  return write(orders, topic, order) && write(order_lines, lines, *line) ? 0 : 1;
}
