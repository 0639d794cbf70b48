#include "console/new_payload.h"

#include <gtest/gtest.h>

namespace thalweg::console {
namespace {

using namespace std::string_literals;

TEST(NewPayload, TextBecomesTheBytesThatItSays) {
  struct Row {
    NewPayloadAs format;
    std::string text, bytes;
  };
  const Row rows[] = {
      {NewPayloadAs::kText, "größe", "größe"},
      {NewPayloadAs::kJson, "{\"a\": 1}", "{\"a\": 1}"},
      {NewPayloadAs::kBase64, "AP8=", "\0\xff"s},
      {NewPayloadAs::kHex, "00fF", "\0\xff"s},
      {NewPayloadAs::kHex, "", ""},
      {NewPayloadAs::kInt32, "-2", "\xff\xff\xff\xfe"},
      {NewPayloadAs::kInt64, "9223372036854775807", "\x7f\xff\xff\xff\xff\xff\xff\xff"},
      {NewPayloadAs::kFloat, "1.5", "\x3f\xc0\0\0"s},
      {NewPayloadAs::kDouble, "0.1", "\x3f\xb9\x99\x99\x99\x99\x99\x9a"},
      {NewPayloadAs::kUuid, "01234567-89ab-cdef-0123-456789abcdef",
       "\x01\x23\x45\x67\x89\xab\xcd\xef\x01\x23\x45\x67\x89\xab\xcd\xef"},
  };
  for (const auto& row : rows) {
    const auto bytes = bytes_of({.text = row.text, .format = row.format}, "/value");
    ASSERT_TRUE(bytes) << row.text;
    EXPECT_EQ(*bytes, row.bytes) << row.text;
  }
  EXPECT_EQ(bytes_of({.text = "x", .format = {}}, "/value"), "x");
}

TEST(NewPayload, WhatItDoesNotSayIsRefusedAtItsPlace) {
  const std::pair<NewPayloadAs, std::string> rows[] = {
      {NewPayloadAs::kJson, "{"},
      {NewPayloadAs::kBase64, "?"},
      {NewPayloadAs::kHex, "0"},
      {NewPayloadAs::kHex, "0g"},
      {NewPayloadAs::kInt32, "1.5"},
      {NewPayloadAs::kInt32, "2147483648"},
      {NewPayloadAs::kInt64, " 1"},
      {NewPayloadAs::kFloat, "NaN"},
      {NewPayloadAs::kDouble, "1e999"},
      {NewPayloadAs::kUuid, "0123456789abcdef0123456789abcdef"},
      {NewPayloadAs::kUuid, "01234567-89ab-cdef-0123-456789abcdeg"},
  };
  for (const auto& [format, text] : rows) {
    const auto bytes = bytes_of({.text = text, .format = format}, "/headers/3/value");
    ASSERT_FALSE(bytes) << text;
    EXPECT_EQ(bytes.error().status, 422);
    EXPECT_EQ(bytes.error().fields->front().path, "/headers/3/value/text");
  }
}

}  // namespace
}  // namespace thalweg::console
