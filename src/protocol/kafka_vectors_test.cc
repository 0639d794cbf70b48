// Compares our bytes with Apache Kafka's own. The recorded vectors were printed by tests/interop/java-serde, which
// makes the same messages with Kafka's classes; THALWEG_KAFKA_VECTORS names a file with more of them.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "protocol/testing/registry_entry.h"

namespace thalweg::protocol {
namespace {

struct Vector {
  std::string name;
  int version = 0;
  std::uint32_t seed = 0;
  std::string hex;  // "empty" for no bytes
};

std::string hex(const SharedBytes& bytes) {
  if (bytes.empty()) return "empty";
  std::string text;
  for (const std::byte b : bytes.view()) text += fmt::format("{:02x}", static_cast<unsigned>(b));
  return text;
}

SharedBytes from_hex(const std::string& text) {
  std::vector<std::byte> bytes;
  for (std::size_t i = 0; text != "empty" && i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<std::byte>(std::stoi(text.substr(i, 2), nullptr, 16)));
  return SharedBytes::take(std::move(bytes));
}

std::vector<Vector> load(const std::string& path) {
  std::ifstream file(path);
  std::vector<Vector> vectors;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    Vector vector;
    words >> vector.name >> vector.version >> vector.seed >> vector.hex;
    if (vector.hex != "-") vectors.push_back(vector);  // a release of Kafka that has no such message
  }
  return vectors;
}

void compare(const std::vector<Vector>& vectors) {
  std::map<std::string_view, const RegistryEntry*> by_name;
  for (const auto& message : all_messages()) by_name[message.name] = &message;
  for (const auto& vector : vectors) {
    SCOPED_TRACE(fmt::format("{} version {} seed {}", vector.name, vector.version, vector.seed));
    ASSERT_TRUE(by_name.contains(vector.name));
    const RegistryEntry& message = *by_name[vector.name];
    const auto version = static_cast<std::int16_t>(vector.version);
    EXPECT_EQ(hex(message.encode_filled(vector.seed, version)), vector.hex);
    const auto recoded = message.recode(from_hex(vector.hex), version);
    ASSERT_TRUE(recoded) << recoded.error().message;
    EXPECT_EQ(hex(*recoded), vector.hex);
  }
}

TEST(KafkaVectors, AreWhatWeEncodeAndDecode) {
  const auto vectors = load(TESTDATA "/kafka_vectors.txt");
  EXPECT_GT(vectors.size(), 700u);
  compare(vectors);
}

TEST(KafkaVectors, MadeJustNowAreWhatWeEncodeAndDecode) {
  const char* path = std::getenv("THALWEG_KAFKA_VECTORS");
  if (path == nullptr) GTEST_SKIP() << "THALWEG_KAFKA_VECTORS is not set";
  const auto vectors = load(path);
  EXPECT_FALSE(vectors.empty());
  compare(vectors);
}

}  // namespace
}  // namespace thalweg::protocol
