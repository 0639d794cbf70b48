#include "console/record_cursor.h"

#include <gtest/gtest.h>

#include "console/letter_stretch.h"

namespace thalweg::console {
namespace {

TEST(RecordCursor, ComesBackAsItWas) {
  const RecordCursor cursor{.topic_id = {1, 2},
                            .direction = ReadDirection::kOldestFirst,
                            .offsets = {{PartitionId{0}, Offset{0}}, {PartitionId{7}, Offset{INT64_MAX}}}};
  const auto again = RecordCursor::of(cursor.text());
  ASSERT_TRUE(again);
  EXPECT_EQ(again->topic_id, cursor.topic_id);
  EXPECT_EQ(again->direction, cursor.direction);
  EXPECT_EQ(again->offsets, cursor.offsets);
  EXPECT_TRUE(RecordCursor::of(RecordCursor{.topic_id = {1, 2}, .offsets = {}}.text()));
}

TEST(RecordCursor, WhatIsNoneIsNothing) {
  const std::string id = "AAAAAAAAAAEAAAAAAAAAAg";
  ASSERT_TRUE(RecordCursor::of(id + ".n.0-1"));
  for (const std::string text : {"", ".", "n", "..n", "x.n.0-1"}) EXPECT_FALSE(RecordCursor::of(text)) << text;
  for (const std::string rest :
       {"", ".", ".x", ".nn", ".n.", ".n.0", ".n.0-", ".n.-1", ".n.-1-1", ".n.0--1", ".n.0-1.0-2", ".n.0-1.", ".n..0-1",
        ".n.0-9223372036854775808", ".n.2147483648-1", ".n.0-1 ", ".n.0-1x"})
    EXPECT_FALSE(RecordCursor::of(id + rest)) << rest;
}

TEST(LetterStretch, IsTwoCursorsOfTheSamePartitions) {
  const std::string id = "AAAAAAAAAAEAAAAAAAAAAg";
  const auto stretch = LetterStretch::of(id + ".o.0-5.3-7~" + id + ".n.0-9.3-7");
  ASSERT_TRUE(stretch);
  EXPECT_EQ(stretch->from.offsets.at({3}), Offset{7});
  EXPECT_EQ(stretch->to.offsets.at({0}), Offset{9});
  EXPECT_EQ(stretch->text(), id + ".o.0-5.3-7~" + id + ".n.0-9.3-7");
  EXPECT_FALSE(LetterStretch::of(id + ".o.0-5.3-7~" + id + ".n.0-9")) << "another number of partitions";
  EXPECT_FALSE(LetterStretch::of(id + ".o.0-5~" + id + ".n.1-9")) << "another partition";
  EXPECT_FALSE(LetterStretch::of(id + ".n.0-5~" + id + ".n.0-9")) << "another direction";
  EXPECT_FALSE(LetterStretch::of(id + ".o.0-5~" + id + ".o.0-9")) << "the same";
  EXPECT_FALSE(LetterStretch::of(id + ".o.0-5~BAAAAAAAAAEAAAAAAAAAAg.n.0-9")) << "of another topic";
  EXPECT_FALSE(LetterStretch::of(id + ".o~" + id + ".n")) << "of nothing";
  EXPECT_FALSE(LetterStretch::of(id + ".o.0-5"));
}

}  // namespace
}  // namespace thalweg::console
