// What an expression comes to while it is evaluated for one record. Text is a view: of the record, of the program's
// literals, or of what this evaluation made (Scratch).
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace thalweg::filter {

enum class Kind : std::uint8_t {
  kAbsent,  // a path that leads nowhere: every comparison with it is false
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTimestamp,  // milliseconds since 1970
  kDuration,   // milliseconds
  kList,       // made here; `integer` is its place in Scratch
  kJsonList,   // text that begins with '['
  kJsonMap,    // text that begins with '{'
  kSide,       // a whole key, value or header: text, or JSON where a path, a number or the like is asked for
  kHeaders,    // of the record
};

struct Value {
  Kind kind = Kind::kAbsent;
  std::int64_t integer = 0;  // also a bool, a time, a span; of kUint the same bits
  double real = 0;
  std::string_view text = {};  // of JSON it may go on after the value's end; of a number how it was written, if it was

  static Value of_bool(bool b) { return {.kind = Kind::kBool, .integer = b}; }
  static Value of_int(std::int64_t i) { return {.kind = Kind::kInt, .integer = i}; }
  static Value of_uint(std::uint64_t i) { return {.kind = Kind::kUint, .integer = static_cast<std::int64_t>(i)}; }
  static Value of_double(double d) { return {.kind = Kind::kDouble, .real = d}; }
  static Value of_text(Kind kind, std::string_view text) { return {.kind = kind, .text = text}; }
  static Value of_time(Kind kind, std::int64_t ms) { return {.kind = kind, .integer = ms}; }
  static Value null() { return {.kind = Kind::kNull}; }

  bool is(Kind k) const { return kind == k; }
  bool is_number() const { return kind == Kind::kInt || kind == Kind::kUint || kind == Kind::kDouble; }
  bool is_true() const { return kind == Kind::kBool && integer != 0; }
  std::uint64_t as_uint() const { return static_cast<std::uint64_t>(integer); }
};

// By value and exactly, also between ints, uints and doubles. Unordered with what is not a number.
// REQUIRES: both is_number()
std::partial_ordering compare_numbers(const Value& a, const Value& b);

// The type's name, as type() gives it: "int", "string", "list", …; empty for what is absent or a side.
std::string_view type_name(Kind kind);

}  // namespace thalweg::filter
