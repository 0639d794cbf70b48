// Functions and macros.
#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "base/base64.h"
#include "base/number.h"
#include "filter/evaluation.h"
#include "filter/limits.h"
#include "filter/names.h"
#include "filter/time_text.h"
#include "filter/walk_list.h"

namespace thalweg::filter {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return lower;
}

std::string hex_of(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * bytes.size());
  for (const char c : bytes) {
    hex += kDigits[static_cast<unsigned char>(c) >> 4];
    hex += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

std::int64_t code_points(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}

constexpr double kTwoTo63 = 9223372036854775808.0;

}  // namespace

Value Evaluation::call(const Node& node) {
  if (is_macro(node.function)) return call_macro(node);
  const Value value = of(node.children[0]);
  // What makes a text as long as the value, or twice that, is refused before it does.
  const auto make = [&](std::optional<std::string_view> text, auto function) -> Value {
    if (!text || !look_at(text->size())) return {};
    if (text->size() > kMadeMax) {
      in(Trouble::kMade);
      return {};
    }
    return Value::of_text(Kind::kString, made(function(*text)));
  };
  switch (node.function) {
    case Function::kContains:
    case Function::kStartsWith:
    case Function::kEndsWith:
    case Function::kMatches:
      return Value::of_bool(finds(node, value));
    case Function::kHas:
      return Value::of_bool(!value.is(Kind::kAbsent));
    case Function::kLower:
      return make(text_of(value), lower_case);
    case Function::kHex:
      return make(text_or_bytes_of(value), hex_of);
    case Function::kBase64:
      return make(text_or_bytes_of(value), [](std::string_view bytes) { return base64(bytes); });
    case Function::kSize:
      return size_of(value);
    case Function::kInt:
      return to_int(value);
    case Function::kDouble:
      return to_double(value);
    case Function::kString:
      return to_string(value);
    case Function::kTimestamp:
      return to_timestamp(value);
    case Function::kDuration:
      return to_duration(value);
    case Function::kType:
      return type_of(value);
    case Function::kExists:
    case Function::kAll:
    case Function::kFilter:
      break;
  }
  return {};
}

bool Evaluation::finds(const Node& node, const Value& value) {
  const auto text = text_or_bytes_of(value);
  if (!text) return false;
  if (node.function == Function::kMatches)
    return look_at(text->size()) && re2::RE2::PartialMatch(re2::StringPiece(text->data(), text->size()), *node.pattern);
  const auto part = text_or_bytes_of(of(node.children[1]));
  if (!part) return false;
  if (node.function == Function::kStartsWith) return text->starts_with(*part);
  if (node.function == Function::kEndsWith) return text->ends_with(*part);
  return look_at(text->size()) && contains(*text, *part);
}

Value Evaluation::call_macro(const Node& node) {
  const Value list = scalar_of(of(node.children[0]));
  if (list.is(Kind::kAbsent)) return {};
  std::vector<Value> kept;
  bool exists = false, all = true;
  const bool keeps = node.function == Function::kFilter, looks_for = node.function == Function::kExists;
  const auto test = MemberTest::of(program_, node);
  const auto holds_for = [&](const Value& element) {
    if (test && element.is(Kind::kJsonMap)) return this->holds_for(element.text, *test);
    locals_[node.slot] = &element;
    return is_true(of(node.children[1]));
  };
  each(list, [&](const Value& element) {
    const bool holds = holds_for(element);
    exists = exists || holds;
    all = all && holds;
    if (keeps && holds) kept.push_back(element);
    return keeps || (looks_for ? !exists : all);
  });
  if (!keeps) return Value::of_bool(looks_for ? exists : all);
  lists_.push_back(std::move(kept));
  return {.kind = Kind::kList, .integer = std::int64_t(lists_.size() - 1)};
}

Value Evaluation::size_of(const Value& value) {
  if (value.is(Kind::kBytes)) return Value::of_int(std::int64_t(value.text.size()));
  const Value list = scalar_of(value);
  if (list.is(Kind::kList) || list.is(Kind::kJsonList) || list.is(Kind::kJsonMap) || list.is(Kind::kHeaders)) {
    std::int64_t count = 0;
    each(list, [&](const Value&) { return ++count > 0; });
    return Value::of_int(count);
  }
  const auto text = text_of(value);
  if (!text || !look_at(text->size())) return {};
  return Value::of_int(code_points(*text));
}

Value Evaluation::to_int(Value value) {
  if (const auto text = text_of(value)) {
    const auto number = parse_number<std::int64_t>(*text);
    if (number) return Value::of_int(*number);
    value = scalar_of(value);  // 4.7 as a whole
  }
  switch (value.kind) {
    case Kind::kInt:
      return value;
    case Kind::kUint:
      return checked(value.integer < 0, Value::of_int(value.integer));
    case Kind::kDouble:
      if (std::isnan(value.real)) return {};
      if (!(value.real >= -kTwoTo63 && value.real < kTwoTo63)) return checked(true, {});
      return Value::of_int(static_cast<std::int64_t>(value.real));
    case Kind::kTimestamp:
      return Value::of_int(value.integer / 1000 - (value.integer % 1000 < 0));
    default:
      return {};
  }
}

Value Evaluation::to_double(Value value) {
  if (const auto text = text_of(value)) {
    const auto number = parse_number<double>(*text);
    return number ? Value::of_double(*number) : Value();
  }
  if (value.is(Kind::kInt)) return Value::of_double(double(value.integer));
  if (value.is(Kind::kUint)) return Value::of_double(double(value.as_uint()));
  return value.is(Kind::kDouble) ? value : Value();
}

Value Evaluation::to_string(const Value& value) {
  if (const auto text = text_or_bytes_of(value)) return Value::of_text(Kind::kString, *text);
  const auto say = [&](std::string text) { return Value::of_text(Kind::kString, made(std::move(text))); };
  switch (value.kind) {
    case Kind::kBool:
      return Value::of_text(Kind::kString, value.is_true() ? "true" : "false");
    case Kind::kInt:
      return say(std::to_string(value.integer));
    case Kind::kUint:
      return say(std::to_string(value.as_uint()));
    case Kind::kDouble:
      return say(fmt::format("{}", value.real));
    case Kind::kTimestamp:
      return say(timestamp_text(value.integer));
    case Kind::kDuration:
      return say(duration_text(value.integer));
    default:
      return {};
  }
}

// A number is seconds, as in CEL.
Value Evaluation::to_timestamp(Value value) {
  if (const auto text = text_of(value)) {
    const auto ms = parse_timestamp(*text);
    if (ms) return Value::of_time(Kind::kTimestamp, *ms);
    value = scalar_of(value);
  }
  if (value.is(Kind::kTimestamp)) return value;
  if (!value.is(Kind::kInt)) return {};
  std::int64_t ms = 0;
  const bool over = __builtin_mul_overflow(value.integer, 1000, &ms);
  return checked(over, Value::of_time(Kind::kTimestamp, ms));
}

Value Evaluation::to_duration(const Value& value) {
  if (value.is(Kind::kDuration)) return value;
  const auto text = text_of(value);
  const auto ms = text ? parse_duration(*text) : std::nullopt;
  return ms ? Value::of_time(Kind::kDuration, *ms) : Value();
}

// A side that is no JSON is text.
Value Evaluation::type_of(const Value& value) {
  const Value is = scalar_of(value);
  const Kind kind = is.is(Kind::kAbsent) && value.is(Kind::kSide) ? Kind::kString : is.kind;
  const std::string_view name = type_name(kind);
  return name.empty() ? Value() : Value::of_text(Kind::kString, name);
}

}  // namespace thalweg::filter
