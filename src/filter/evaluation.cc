#include "filter/evaluation.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/number.h"
#include "filter/json_text.h"
#include "filter/limits.h"
#include "filter/walk_list.h"

namespace thalweg::filter {
namespace {

// Confluent's framing: a zero and four bytes.
std::optional<std::int64_t> schema_id_of(std::optional<std::string_view> value) {
  if (!value || value->size() < 5 || value->front() != '\0') return std::nullopt;
  std::uint32_t id = 0;
  for (const char c : value->substr(1, 4)) id = id << 8 | static_cast<unsigned char>(c);
  return id;
}

Value side_of(std::optional<std::string_view> bytes) {
  return bytes ? Value::of_text(Kind::kSide, *bytes) : Value::null();
}

// The number that the text begins with, if it is as most are: short, whole and in the midst of others. Nothing of
// others: they are looked at anew.
std::optional<Value> small_number(std::string_view text) {
  std::int64_t value = 0;
  std::size_t at = 0;
  for (const std::size_t most = std::min<std::size_t>(text.size(), 18); at < most; ++at) {
    const auto digit = unsigned(static_cast<unsigned char>(text[at])) - '0';
    if (digit > 9) break;
    value = 10 * value + digit;
  }
  if (at == 0 || at == text.size()) return std::nullopt;
  if (const char end = text[at]; end != ',' && end != '}' && end != ']') return std::nullopt;
  Value number = Value::of_int(value);
  number.text = text.substr(0, at);
  return number;
}

// With its text, for who wants to see it.
Value number_of(std::string_view text) {
  const auto with_text = [text](Value value) {
    value.text = text;
    return value;
  };
  if (text.front() == '-' && (text.size() < 2 || text[1] < '0' || text[1] > '9')) return {};
  if (const auto whole = parse_number<std::int64_t>(text)) return with_text(Value::of_int(*whole));
  if (const auto whole = parse_number<std::uint64_t>(text)) return with_text(Value::of_uint(*whole));
  if (const auto real = parse_number<double>(text)) return with_text(Value::of_double(*real));
  return {};
}

}  // namespace

std::string_view describe(Trouble trouble) {
  switch (trouble) {
    case Trouble::kNone:
      return "";
    case Trouble::kSteps:
      return "the filter takes too many steps for this record";
    case Trouble::kLookedAt:
      return "the record is too large to be looked at so often";
    case Trouble::kMade:
      return "the filter makes too much text of this record";
    case Trouble::kOverflow:
      return "a number does not fit into 64 bits";
    case Trouble::kZero:
      return "a division by zero";
    case Trouble::kSchema:
      return "it cannot be read by the schema that it names";
  }
  return "";
}

bool contains(std::string_view text, std::string_view part) {
  return part.empty() || ::memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

bool Evaluation::matches(const Input& input) {
  begin(&input);
  const bool is_true = of(program_.root).is_true();
  return is_true && trouble_ == Trouble::kNone;
}

std::optional<std::string_view> Evaluation::text(const Input& input) {
  begin(&input);
  const Value value = of(program_.root);
  if (trouble_ != Trouble::kNone) return std::nullopt;
  if (value.is(Kind::kNull)) return "null";
  if (value.is(Kind::kJsonMap) || value.is(Kind::kJsonList))
    return value.text.substr(0, value_size(value.text).value_or(value.text.size()));
  if (value.is_number() && !value.text.empty()) return value.text;
  const Value text = to_string(value);
  return text.is(Kind::kString) && trouble_ == Trouble::kNone ? std::optional(text.text) : std::nullopt;
}

Value Evaluation::constant(NodeId node) {
  begin(nullptr);
  return of(node);
}

void Evaluation::begin(const Input* input) {
  input_ = input;
  trouble_ = Trouble::kNone;
  steps_ = 0;
  looked_at_ = made_bytes_ = 0;
  known_object_ = {};
  if (!made_.empty()) made_.clear();
  if (!lists_.empty()) lists_.clear();
  if (!read_sides_.empty()) read_sides_.clear();
}

bool Evaluation::steps(std::uint32_t count) {
  steps_ += count;
  if (steps_ > kStepsMax) in(Trouble::kSteps);
  return trouble_ == Trouble::kNone;
}

bool Evaluation::look_at(std::size_t bytes) {
  looked_at_ += bytes;
  if (looked_at_ > kLookedAtMax) in(Trouble::kLookedAt);
  return trouble_ == Trouble::kNone;
}

std::string_view Evaluation::made(std::string text) {
  made_bytes_ += text.size();
  if (made_bytes_ > kMadeMax) {
    in(Trouble::kMade);
    return {};
  }
  made_.push_back(std::move(text));
  return made_.back();
}

Value Evaluation::of(NodeId id) {
  if (!step()) return {};
  const Node& node = program_.nodes[id];
  const auto child = [&](std::size_t i) { return of(node.children[i]); };
  switch (node.op) {
    case Op::kLiteral: {
      Value value = node.literal;
      value.text = node.text;
      return value;
    }
    case Op::kVariable:
      return of_variable(node.variable);
    case Op::kLocal:
      return *locals_[node.slot];
    case Op::kSelect: {
      const Node& from = program_.nodes[node.children[0]];
      if (from.op != Op::kLocal) return select(child(0), node.text);
      return step() ? select(*locals_[from.slot], node.text) : Value();
    }
    case Op::kIndex: {
      const Value value = child(0);
      return index(value, child(1));
    }
    case Op::kNot: {
      const Value value = scalar_of(child(0));
      return value.is(Kind::kBool) ? Value::of_bool(!value.is_true()) : Value();
    }
    case Op::kNegate:
      return negate(scalar_of(child(0)));
    case Op::kAnd:
      return Value::of_bool(is_true(child(0)) && is_true(child(1)));
    case Op::kOr:
      return Value::of_bool(is_true(child(0)) || is_true(child(1)));
    case Op::kEqual:
    case Op::kNotEqual:
    case Op::kLess:
    case Op::kLessOrEqual:
    case Op::kGreater:
    case Op::kGreaterOrEqual:
      return compare(node);
    case Op::kIn:
      return is_in(node);
    case Op::kAdd:
    case Op::kSubtract:
    case Op::kMultiply:
    case Op::kDivide:
    case Op::kRemainder:
      return arithmetic(node);
    case Op::kConditional:
      return of_conditional(node);
    case Op::kList:
      return list_of(node);
    case Op::kCall:
      return call(node);
    case Op::kAnywhere:
      return Value::of_bool(anywhere(node.text));
  }
  return {};
}

Value Evaluation::of_variable(Variable variable) {
  if (variable == Variable::kNow) return Value::of_time(Kind::kTimestamp, program_.now);
  if (!input_) return {};
  switch (variable) {
    case Variable::kKey:
      return side_of(input_->key);
    case Variable::kValue:
      return side_of(input_->value);
    case Variable::kHeaders:
      return {.kind = Kind::kHeaders};
    case Variable::kPartition:
      return Value::of_int(input_->partition.value);
    case Variable::kOffset:
      return Value::of_int(input_->offset.value);
    case Variable::kTimestamp:
      return Value::of_time(Kind::kTimestamp, input_->timestamp);
    case Variable::kTimestampMs:
      return Value::of_int(input_->timestamp);
    case Variable::kSize:
      return Value::of_int(std::int64_t(input_->key.value_or("").size() + input_->value.value_or("").size()));
    case Variable::kTombstone:
      return Value::of_bool(!input_->value);
    case Variable::kProducerId:
      return input_->producer_id ? Value::of_int(input_->producer_id->value) : Value();
    case Variable::kSchemaId: {
      const auto id = schema_id_of(input_->value);
      return id ? Value::of_int(*id) : Value();
    }
    case Variable::kKeyAsText:
      return input_->key ? Value::of_text(Kind::kString, *input_->key) : Value::null();
    case Variable::kValueAsText:
      return input_->value ? Value::of_text(Kind::kString, *input_->value) : Value::null();
    case Variable::kNow:
      break;
  }
  return {};
}

Value Evaluation::of_conditional(const Node& node) {
  const Value condition = scalar_of(of(node.children[0]));
  if (!condition.is(Kind::kBool)) return {};
  return of(node.children[condition.is_true() ? 1 : 2]);
}

// What the text begins with.
Value Evaluation::json(std::string_view text) {
  text = skip_space(text);
  if (text.empty()) return {};
  if (text.front() == '{') return Value::of_text(Kind::kJsonMap, text);
  if (const auto number = small_number(text)) return *number;
  switch (text.front()) {
    case '[':
      return Value::of_text(Kind::kJsonList, text);
    case '"': {
      const auto string = quoted(text);
      if (!string || !look_at(string->size())) return {};
      if (!has_escapes(*string)) return Value::of_text(Kind::kString, string->substr(1, string->size() - 2));
      return Value::of_text(Kind::kString, made(unescaped(*string)));
    }
    default:
      break;
  }
  const std::string_view word = text.substr(0, value_size(text).value_or(0));
  if (word.empty()) return {};
  if (word.front() == '-' || (word.front() >= '0' && word.front() <= '9')) return number_of(word);
  if (word == "true" || word == "false") return Value::of_bool(word == "true");
  return word == "null" ? Value::null() : Value();
}

std::string_view Evaluation::inside(std::string_view side) {
  if (!input_ || !input_->by_schema || !schema_id_of(side)) return side;
  const auto known = std::ranges::find(read_sides_, side.data(), &ReadSide::at);
  if (known != read_sides_.end()) return known->json;
  auto reading = (*input_->by_schema)(side);
  if (reading.state == SchemaReading::State::kNoSchema) return side;
  if (reading.state == SchemaReading::State::kFailed) in(Trouble::kSchema);
  look_at(side.size() + reading.json.size());
  return read_sides_.emplace_back(side.data(), std::move(reading.json)).json;
}

// A side as the JSON value that it is as a whole; anything else as it is.
Value Evaluation::scalar_of(const Value& side) {
  if (!side.is(Kind::kSide)) return side;
  const std::string_view text = skip_space(inside(side.text));
  if (text.empty() || text.front() == '{' || text.front() == '[') return json(text);
  const auto size = value_size(text);
  if (!size || !skip_space(text.substr(*size)).empty()) return {};
  return json(text);
}

Value Evaluation::select(const Value& value, std::string_view name) {
  if (value.is(Kind::kHeaders)) return header(name);
  const std::string_view member = member_of(value, name);
  return member.empty() ? Value() : json(member);
}

// What the member's value begins with; empty: there is none.
std::string_view Evaluation::member_of(const Value& value, std::string_view name) {
  std::string_view text;
  if (value.is(Kind::kSide)) text = skip_space(inside(value.text));
  if (value.is(Kind::kJsonMap)) text = skip_space(value.text);
  return text.empty() || text.front() != '{' ? std::string_view() : member_of(text, name);
}

std::string_view Evaluation::member_of(std::string_view object, std::string_view name) {
  const JsonMember member = find_member(object, name, kStepsMax - std::min(steps_, kStepsMax));
  known_object_ = {object.data(), member.object};
  return steps(member.steps) && look_at(member.looked_at) ? member.value : std::string_view();
}

Value Evaluation::index(const Value& value, const Value& by_value) {
  const Value by = by_value.is(Kind::kSide) && !value.is(Kind::kHeaders) ? scalar_of(by_value) : by_value;
  if (const auto name = text_of(by)) return select(value, *name);
  if (!by.is_number() || by.is(Kind::kDouble) || (by.is(Kind::kInt) && by.integer < 0)) return {};
  std::uint64_t left = by.as_uint();
  Value found;
  const Value list = scalar_of(value);
  if (list.is(Kind::kJsonMap) || list.is(Kind::kHeaders)) return {};
  each(list, [&](const Value& element) {
    if (left-- > 0) return true;
    found = element;
    return false;
  });
  return found;
}

// The last of that name, as Kafka's lastHeader.
Value Evaluation::header(std::string_view name) {
  Value found;
  if (!input_) return found;
  each_header(input_->headers, [&](const record::HeaderView& header) {
    if (header.key == name) found = header.value ? Value::of_text(Kind::kSide, as_text(*header.value)) : Value::null();
    return step();
  });
  return found;
}

bool Evaluation::anywhere(std::string_view words) {
  const auto in_side = [&](std::optional<std::string_view> side) {
    return side && look_at(side->size()) && contains(*side, words);
  };
  if (in_side(input_->key) || in_side(input_->value)) return true;
  bool found = false;
  each_header(input_->headers, [&](const record::HeaderView& header) {
    found = in_side(header.key) || (header.value && in_side(as_text(*header.value)));
    return !found && step();
  });
  return found;
}

Value Evaluation::list_of(const Node& node) {
  std::vector<Value> values;
  for (const NodeId id : node.children) values.push_back(of(id));
  lists_.push_back(std::move(values));
  return {.kind = Kind::kList, .integer = std::int64_t(lists_.size() - 1)};
}

}  // namespace thalweg::filter
