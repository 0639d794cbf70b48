#include "thalweg/client/serde.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "thalweg/client/avro.h"
#include "thalweg/client/json_schema.h"

namespace thalweg::client {
namespace {

struct Address {
  std::string city;
  std::optional<std::int32_t> number;
  bool operator==(const Address&) const = default;
};
THALWEG_DESCRIBE(Address, city, number)

struct Person {
  std::int64_t id = 0;
  std::uint8_t age = 0;
  bool active = false;
  double score = 0;
  std::optional<std::string> note;
  std::vector<Address> addresses;
  std::map<std::string, std::int64_t> counts;
  bool operator==(const Person&) const = default;
};
THALWEG_DESCRIBE(Person, id, age, active, score, note, addresses, counts)

struct Many {
  int a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21, a22, a23, a24,
      a25;
};
THALWEG_DESCRIBE(Many, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21,
                 a22, a23, a24, a25)
static_assert(std::tuple_size_v<decltype(thalweg_describe(static_cast<const Many*>(nullptr)).fields)> == 25);

template <class T>
std::string bytes(const T& value) {
  std::string out;
  EXPECT_TRUE(serde_of<T>().write(value, out, {}));
  return out;
}

template <class T>
std::string problem(std::string_view text) {
  auto value = serde_of<T>().read(text, {});
  return value ? "(none)" : value.error().message;
}

TEST(Serde, NumbersAreBigEndianAsKafkasSerializersWriteThem) {
  EXPECT_EQ(bytes(std::int64_t{-2}), std::string("\xff\xff\xff\xff\xff\xff\xff\xfe", 8));
  EXPECT_EQ(bytes(std::int32_t{0x01020304}), "\x01\x02\x03\x04");
  EXPECT_EQ(bytes(std::int16_t{258}), "\x01\x02");
  EXPECT_EQ(bytes(1.0), std::string("\x3f\xf0\0\0\0\0\0\0", 8));
  EXPECT_EQ(bytes(1.0f), std::string("\x3f\x80\0\0", 4));
}

TEST(Serde, WhatWasWrittenIsReadBack) {
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{-1}, std::numeric_limits<std::int64_t>::min(),
                                   std::numeric_limits<std::int64_t>::max()})
    EXPECT_EQ(*serde_of<std::int64_t>().read(bytes(value), {}), value);
  EXPECT_EQ(*serde_of<double>().read(bytes(-0.1), {}), -0.1);
  EXPECT_EQ(*serde_of<bool>().read(bytes(true), {}), true);
  EXPECT_EQ(problem<std::int32_t>("123"), "integer has 4 bytes, here are 3");
}

TEST(Serde, NullIsAnErrorUnlessTheTypeHasRoomForIt) {
  const Record record(Message{.topic = "t", .key = "k"}, 3);
  EXPECT_FALSE(record.as<std::string>());
  EXPECT_NE(record.as<std::string>().error().message.find("t-0@3: the value is null"), std::string::npos);
  EXPECT_EQ(*record.as<std::optional<std::string>>(), std::nullopt);
  EXPECT_EQ(*record.key_as<std::string>(), "k");
}

TEST(Json, ADescribedTypeIsItsFields) {
  EXPECT_EQ(bytes(Address{"Oslo", 7}), R"({"city":"Oslo","number":7})");
  EXPECT_EQ(bytes(Address{"Oslo", {}}), R"({"city":"Oslo","number":null})");
  EXPECT_EQ(*serde_of<Address>().read(R"({"city":"Oslo","more":[1,2]})", {}), (Address{"Oslo", {}}));
}

TEST(Json, ErrorsNameThePath) {
  EXPECT_EQ(problem<Address>(R"({"number":1})"), "city is missing");
  EXPECT_EQ(problem<Address>(R"([])"), "the document must be an object, here is array");
  EXPECT_EQ(problem<Person>(R"({"id":1,"age":300})"), "age must be an integer of 8 bits, here is 300");
  EXPECT_EQ(problem<Person>(R"({"id":1.5})"), "id must be an integer, here is 1.5");
  EXPECT_EQ(
      problem<Person>(R"({"id":1,"age":3,"active":true,"score":1,"addresses":[{"city":"a"},{"city":2}],"counts":{}})"),
      "addresses[1].city must be a string, here is 2");
  EXPECT_TRUE(problem<Address>("{").starts_with("not JSON")) << problem<Address>("{");
}

TEST(Json, DepthIsBounded) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_EQ(problem<Json>(deep), "JSON is nested deeper than 100");
}

TEST(Json, WhatIsNotUtf8CannotBeWritten) {
  std::string out;
  EXPECT_FALSE(serde_of<Address>().write({"\xff", {}}, out, {}));
}

TEST(JsonSchema, IsMadeOfTheDescription) {
  EXPECT_EQ(
      Json::parse(json_schema_text<Address>()),
      Json::parse(
          R"({"$schema":"http://json-schema.org/draft-07/schema#","title":"Address","type":"object","required":["city"],
                            "properties":{"city":{"type":"string"},"number":{"oneOf":[{"type":"null"},{"type":"integer"}]}}})"));
}

TEST(Avro, TheSchemaIsMadeOfTheDescriptionAndNamesAreDefinedOnce) {
  EXPECT_EQ(Json::parse(avro_schema<Address>()),
            Json::parse(R"({"type":"record","name":"Address","fields":[{"name":"city","type":"string"},
                                                             {"name":"number","type":["null","int"],"default":null}]})"));
}

TEST(Avro, TheBytesAreThoseOfTheSpecification) {
  std::string out;
  for (const std::int64_t n : {0, -1, 1, -2, 64, -65}) detail::avro_long(n, out);
  EXPECT_EQ(out, std::string("\0\1\2\3\x80\1\x81\1", 8));  // zig-zag, as in the specification's table
  out.clear();
  detail::avro_write(Address{"foo", 64}, out);
  EXPECT_EQ(out,
            "\x06"
            "foo"
            "\x02"
            "\x80\x01");
}

Person random_person(std::mt19937_64& random) {
  Person p{.id = static_cast<std::int64_t>(random()),
           .age = static_cast<std::uint8_t>(random()),
           .active = random() % 2 == 0,
           .score = static_cast<double>(random()) / 7};
  if (random() % 2) p.note = std::string(random() % 50, 'n');
  for (std::size_t i = random() % 4; i > 0; --i)
    p.addresses.push_back({std::string(random() % 5, 'c'),
                           random() % 2 ? std::optional(static_cast<std::int32_t>(random())) : std::nullopt});
  for (std::size_t i = random() % 4; i > 0; --i)
    p.counts[std::to_string(random() % 100)] = static_cast<std::int64_t>(random());
  return p;
}

TEST(Serde, JsonAndAvroGiveBackEveryPerson) {
  std::mt19937_64 random(1);
  const auto schema = AvroSchema::parse(avro_schema<Person>());
  ASSERT_TRUE(schema) << schema.error().message;
  for (int i = 0; i < 2000; ++i) {
    const Person person = random_person(random);
    EXPECT_EQ(serde_of<Person>().read(bytes(person), {}).value(), person);
    std::string avro;
    detail::avro_write(person, avro);
    auto read = detail::avro_read<Person>(*schema, avro);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, person);
    // Cut short it is an error, never a person.
    EXPECT_FALSE(detail::avro_read<Person>(*schema, std::string_view(avro).substr(0, random() % avro.size())));
  }
}

TEST(Avro, AnotherWritersSchemaIsResolvedByName) {
  const auto writer = AvroSchema::parse(
      R"({"type":"record","name":"Address","fields":[{"name":"kind","type":{"type":"enum","name":"K","symbols":["A","B"]}},
                                        {"name":"hash","type":{"type":"fixed","name":"H","size":2}},{"name":"city","type":"string"}]})");
  ASSERT_TRUE(writer) << writer.error().message;
  EXPECT_EQ(*detail::avro_read<Address>(*writer, std::string_view("\x02xy\x06Rom", 7)), (Address{"Rom", {}}));
}

TEST(Avro, SchemasThatAreNotAreRefused) {
  for (const char* text : {"", "7", "\"nothing\"", R"({"type":"record","name":"R"})",
                           R"({"type":"record","name":"R","fields":[{"name":"x"}]})", R"({"type":"array"})",
                           R"({"type":"fixed","name":"F","size":-1})", R"({"type":"enum","name":"E"})"})
    EXPECT_FALSE(AvroSchema::parse(text)) << text;
  std::string deep = "\"int\"";
  for (int i = 0; i < 300; ++i) deep = R"({"type":"array","items":)" + deep + "}";
  EXPECT_FALSE(AvroSchema::parse(deep));
}

TEST(Avro, LittleBytesDoNotBecomeMuch) {
  const auto nulls = AvroSchema::parse(R"({"type":"array","items":"null"})");
  std::string many;
  detail::avro_long(std::int64_t{1} << 40, many);
  many.push_back(0);
  EXPECT_FALSE(detail::avro_decode(*nulls, many));
  const auto self = AvroSchema::parse(R"({"type":"record","name":"R","fields":[{"name":"r","type":"R"}]})");
  ASSERT_TRUE(self);
  EXPECT_FALSE(detail::avro_decode(*self, ""));
}

}  // namespace
}  // namespace thalweg::client
