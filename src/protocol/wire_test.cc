#include "protocol/wire.h"

#include <gtest/gtest.h>

#include <map>

namespace thalweg::protocol {
namespace {

SharedBytes bytes_of(std::initializer_list<int> values) {
  std::vector<std::byte> bytes;
  for (const int value : values) bytes.push_back(static_cast<std::byte>(value));
  return SharedBytes::take(std::move(bytes));
}

TEST(Reader, ReadsBigEndianNumbersAndStrongTypes) {
  Reader r(bytes_of({1, 2, 0, 0, 0, 7, 0xff, 0xff, 1}));
  std::int16_t number = 0;
  PartitionId partition;
  ErrorCode error = ErrorCode::kNone;
  bool flag = false;
  r.read(number);
  r.read(partition);
  r.read(error);
  r.read(flag);
  EXPECT_TRUE(r.ok());
  EXPECT_EQ(number, 0x0102);
  EXPECT_EQ(partition, PartitionId{7});
  EXPECT_EQ(error, ErrorCode::kUnknownServerError);
  EXPECT_TRUE(flag);
  EXPECT_EQ(r.remaining(), 0u);
}

TEST(Reader, GivesZerosAfterTheFirstFailureAndKeepsItsMessage) {
  Reader r(bytes_of({1, 2, 3}));
  std::int32_t number = 9;
  r.read(number);
  EXPECT_EQ(number, 0);
  EXPECT_FALSE(r.ok());
  std::string text = "left";
  r.read(text, true);
  EXPECT_EQ(text, "");
  ASSERT_FALSE(r.status());
  EXPECT_EQ(r.status().error().code, ErrorCode::kInvalidRequest);
  EXPECT_NE(r.status().error().message.find("ends too early"), std::string::npos);
}

TEST(Reader, RefusesNullWhereAValueIsRequired) {
  std::optional<std::string> text;
  Reader nullable(bytes_of({0xff, 0xff}));
  nullable.read(text, false, true);
  EXPECT_TRUE(nullable.ok());
  EXPECT_FALSE(text);
  Reader required(bytes_of({0xff, 0xff}));
  required.read(text, false, false);
  EXPECT_FALSE(required.ok());
  Reader below(bytes_of({0xff, 0xfe}));
  below.read(text, false, true);
  EXPECT_FALSE(below.ok());
}

TEST(Reader, RefusesACountThatTheBytesCannotHold) {
  Reader r(bytes_of({0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1}));
  std::vector<std::int32_t> numbers;
  r.read(numbers, false);
  EXPECT_FALSE(r.ok());
  EXPECT_EQ(numbers.capacity(), 0u);
}

TEST(Reader, RefusesArraysThatWouldTakeMuchMoreMemoryThanTheFrame) {
  const auto empty_strings = [](std::uint32_t count) {
    Writer w;
    w.write_unsigned_varint(count + 1);
    w.append(SharedBytes::take(std::vector<std::byte>(count, std::byte{1})));
    return w.take_bytes();
  };
  std::vector<std::string> strings;
  Reader modest(empty_strings(30'000));
  modest.read(strings, true);
  EXPECT_TRUE(modest.ok());
  EXPECT_EQ(strings.size(), 30'000u);
  Reader bomb(empty_strings(1'000'000));
  bomb.read(strings, true);
  EXPECT_FALSE(bomb.ok());
}

TEST(Reader, RefusesArraysBeyondWhatAnyMessageMayTake) {
  std::vector<std::int64_t> numbers;
  const auto zeros = [](std::uint32_t count) {
    Writer w;
    w.write(static_cast<std::int32_t>(count));
    w.append(SharedBytes::take(std::vector<std::byte>(count * sizeof(std::int64_t))));
    return w.take_bytes();
  };
  Reader much(zeros(2'000'000));
  much.read(numbers, false);
  EXPECT_TRUE(much.ok());
  EXPECT_EQ(much.taken(), 16'000'000u);
  Reader more(zeros(2'200'000));
  more.read(numbers, false);
  EXPECT_FALSE(more.ok());
}

TEST(Reader, SlicesBytesWithoutCopying) {
  const SharedBytes frame = bytes_of({0, 0, 0, 3, 'a', 'b', 'c', 9});
  Reader r(frame);
  SharedBytes bytes;
  r.read(bytes, false);
  EXPECT_EQ(bytes.text(), "abc");
  EXPECT_EQ(bytes.data(), frame.data() + 4);
  EXPECT_EQ(r.rest().size(), 1u);
}

TEST(Reader, RefusesVariableLengthNumbersOver32Bits) {
  Reader largest(bytes_of({0xff, 0xff, 0xff, 0xff, 0x0f}));
  EXPECT_EQ(largest.read_unsigned_varint(), 0xffffffffu);
  EXPECT_TRUE(largest.ok());
  Reader over(bytes_of({0xff, 0xff, 0xff, 0xff, 0x1f}));
  over.read_unsigned_varint();
  EXPECT_FALSE(over.ok());
  Reader endless(bytes_of({0xff, 0xff, 0xff, 0xff, 0xff, 0x01}));
  endless.read_unsigned_varint();
  EXPECT_FALSE(endless.ok());
}

TEST(TaggedFields, AreSkippedWhenUnknown) {
  // Two fields: tag 1 with two bytes, tag 5 with none; then a byte that does not belong to them.
  Reader r(bytes_of({2, 1, 2, 0xaa, 0xbb, 5, 0, 42}));
  r.skip_tagged_fields();
  EXPECT_TRUE(r.ok());
  EXPECT_EQ(r.remaining(), 1u);
}

TEST(TaggedFields, MustAscend) {
  Reader twice(bytes_of({2, 1, 0, 1, 0}));
  twice.skip_tagged_fields();
  EXPECT_FALSE(twice.ok());
  Reader backwards(bytes_of({2, 3, 0, 1, 0}));
  backwards.skip_tagged_fields();
  EXPECT_FALSE(backwards.ok());
}

TEST(TaggedFields, KeepTheirContentInsideTheirSize) {
  Reader longer(bytes_of({1, 0, 2, 0, 0, 0, 7}));
  std::int32_t number = 1;
  for (TaggedFields tags(longer); tags.next();) longer.read(number);
  EXPECT_FALSE(longer.ok());
  EXPECT_EQ(number, 0);
  Reader shorter(bytes_of({1, 0, 5, 0, 0, 0, 7, 8}));
  for (TaggedFields tags(shorter); tags.next();) shorter.read(number);
  EXPECT_FALSE(shorter.ok());
}

TEST(TaggedFields, MayNotClaimMoreThanTheMessageHas) {
  Reader count(bytes_of({200, 1, 0, 0}));
  count.skip_tagged_fields();
  EXPECT_FALSE(count.ok());
  Reader size(bytes_of({1, 0, 100, 0}));
  size.skip_tagged_fields();
  EXPECT_FALSE(size.ok());
}

TEST(Writer, WritesBothFormsOfStrings) {
  Writer w;
  w.write("ab", false);
  w.write("ab", true);
  w.write(std::optional<std::string>(), false, true);
  w.write(std::optional<std::string>(), true, true);
  w.write(std::optional<std::string>(), true, false);
  EXPECT_EQ(w.take_bytes(), bytes_of({0, 2, 'a', 'b', 3, 'a', 'b', 0xff, 0xff, 0, 1}));
  EXPECT_EQ(w.size(), 0u);
}

TEST(Writer, SplicesLargeBytesWithoutCopying) {
  const SharedBytes large = SharedBytes::take(std::vector<std::byte>(5000));
  Writer w;
  w.write(std::int8_t{1});
  w.write(large, false);
  w.write(std::int8_t{2});
  EXPECT_EQ(w.size(), 5006u);
  const Pieces pieces = w.take();
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(std::get<SharedBytes>(pieces[1]).data(), large.data());
  EXPECT_EQ(size_of(pieces), 5006u);
}

TEST(Writer, PutsTheLengthInFrontOfAFrame) {
  Writer small;
  small.write(std::int16_t{5});
  const Pieces one = small.take_frame().value();
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(std::get<SharedBytes>(one[0]), bytes_of({0, 0, 0, 2, 0, 5}));
  Writer large;
  large.append(SharedBytes::take(std::vector<std::byte>(4096)));
  const Pieces two = large.take_frame().value();
  ASSERT_EQ(two.size(), 2u);
  EXPECT_EQ(std::get<SharedBytes>(two[0]), bytes_of({0, 0, 16, 0}));
}

TEST(Writer, CarriesPiecesOfFiles) {
  Writer w;
  const Pieces records = {FilePiece{nullptr, 100, 30}, SharedBytes::copy_of("tail")};
  w.write(std::optional<Pieces>(records), true, true);
  EXPECT_EQ(w.size(), 1u + 34u);
  const Pieces pieces = w.take();
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(std::get<FilePiece>(pieces[1]).position, 100u);
}

TEST(Writer, SaysWhenAStringDoesNotFitTheRigidForm) {
  Writer w;
  w.write(std::string(40000, 'x'), true);
  EXPECT_TRUE(w.ok());
  w.write(std::string(40000, 'x'), false);
  EXPECT_FALSE(w.ok());
  EXPECT_EQ(w.take_frame().error().code, ErrorCode::kInvalidRequest);
}

TEST(Writer, GivesNoFrameThatIsLongerThanItsLengthCanTell) {
  const SharedBytes large = SharedBytes::take(std::vector<std::byte>(1 << 20));
  Writer w;
  for (int i = 0; i < 2047; ++i) w.append(large);
  EXPECT_TRUE(Writer(w).take_frame());
  w.append(large);
  EXPECT_EQ(w.take_frame().error().code, ErrorCode::kInvalidRequest);
}

TEST(Writer, TalliesTheErrorCodesThatItWrites) {
  Writer w;
  w.write(ErrorCode::kNone);
  w.write(ErrorCode::kNotCoordinator);
  w.write(std::int16_t{3});  // a number like any other
  TagWriter tags(w);
  tags.field(0).write(ErrorCode::kNotCoordinator);
  tags.field(1).write(ErrorCode::kNone);
  tags.finish();
  w.write(ErrorCode::kInvalidRequest);
  std::map<ErrorCode, std::uint32_t> counts;
  w.errors().for_each([&](ErrorCode code, std::uint32_t times) { counts[code] += times; });
  EXPECT_EQ(counts, (std::map<ErrorCode, std::uint32_t>{
                        {ErrorCode::kNone, 2}, {ErrorCode::kNotCoordinator, 2}, {ErrorCode::kInvalidRequest, 1}}));
}

TEST(TagWriter, WritesCountTagsAndSizes) {
  Writer w;
  TagWriter none(w);
  none.finish();
  TagWriter two(w);
  two.field(1).write(std::int16_t{3});
  two.field(4).write("x", true);
  two.finish();
  EXPECT_EQ(w.take_bytes(), bytes_of({0, 2, 1, 2, 0, 3, 4, 2, 2, 'x'}));
}

}  // namespace
}  // namespace thalweg::protocol
