// Equal, in order, in a list.
#include "filter/evaluation.h"
#include "filter/walk_list.h"

namespace thalweg::filter {
namespace {

bool is_container(const Value& value) {
  return value.is(Kind::kList) || value.is(Kind::kJsonList) || value.is(Kind::kJsonMap) || value.is(Kind::kHeaders);
}

bool holds(Op op, std::partial_ordering order) {
  switch (op) {
    case Op::kLess:
      return order < 0;
    case Op::kLessOrEqual:
      return order <= 0;
    case Op::kGreater:
      return order > 0;
    case Op::kEqual:
      return order == 0;
    case Op::kNotEqual:
      return order != 0;
    default:
      return order >= 0;
  }
}

// The comparison, the member, the element.
constexpr std::uint32_t kStepsToMember = 3;

}  // namespace

std::optional<std::string_view> Evaluation::text_of(const Value& value) {
  if (value.is(Kind::kString)) return value.text;
  if (!value.is(Kind::kSide)) return std::nullopt;
  // JSON's string is what it says; anything else is itself.
  const std::string_view whole = inside(value.text);
  if (const std::string_view text = skip_space(whole); !text.empty() && text.front() == '"')
    if (const Value json = scalar_of(value); json.is(Kind::kString)) return json.text;
  return whole;
}

std::optional<std::string_view> Evaluation::text_or_bytes_of(const Value& value) {
  if (value.is(Kind::kBytes)) return value.text;
  return text_of(value);
}

// Nothing: they cannot be compared, so neither == nor != holds.
std::optional<bool> Evaluation::equal(Value a, Value b) {
  if (a.is(Kind::kAbsent) || b.is(Kind::kAbsent)) return std::nullopt;
  if (b.is(Kind::kSide)) std::swap(a, b);
  if (a.is(Kind::kSide)) {
    look_at(a.text.size());
    if (b.is(Kind::kSide) || b.is(Kind::kBytes)) return a.text == b.text;
    if (b.is(Kind::kString)) return text_of(a) == b.text;
    a = scalar_of(a);
  }
  if (is_container(a) && is_container(b)) return std::nullopt;
  if (a.is_number() && b.is_number()) return compare_numbers(a, b) == 0;
  if (a.kind != b.kind) return false;
  if (a.is(Kind::kString) || a.is(Kind::kBytes)) return a.text == b.text;
  return a.integer == b.integer;
}

Value Evaluation::compare(const Node& node) {
  const Value a = of(node.children[0]);
  // Most conditions: a number of the record against one of the filter.
  const Node& right = program_.nodes[node.children[1]];
  if (a.is(Kind::kInt) && right.op == Op::kLiteral && right.literal.is(Kind::kInt))
    return step() ? Value::of_bool(holds(node.op, a.integer <=> right.literal.integer)) : Value();
  return compare(node.op, a, of(node.children[1]));
}

Value Evaluation::compare(Op op, Value a, Value b) {
  if (op == Op::kEqual || op == Op::kNotEqual) {
    const auto same = equal(a, b);
    return Value::of_bool(same && *same == (op == Op::kEqual));
  }
  const auto ordered = [op](auto left, auto right) { return Value::of_bool(holds(op, left <=> right)); };
  if (const bool text = a.is(Kind::kString) || b.is(Kind::kString);
      text && !a.is(Kind::kBytes) && !b.is(Kind::kBytes)) {
    const auto left = text_of(a), right = text_of(b);
    return left && right ? ordered(*left, *right) : Value::of_bool(false);
  }
  if (a.is(Kind::kSide)) a = scalar_of(a);
  if (b.is(Kind::kSide)) b = scalar_of(b);
  if (a.is_number() && b.is_number()) return Value::of_bool(holds(op, compare_numbers(a, b)));
  if (a.kind != b.kind) return Value::of_bool(false);
  if (a.is(Kind::kString) || a.is(Kind::kBytes)) return ordered(a.text, b.text);
  const bool is_time = a.is(Kind::kTimestamp) || a.is(Kind::kDuration);
  return is_time ? ordered(a.integer, b.integer) : Value::of_bool(false);
}

std::optional<MemberTest> MemberTest::of(const Program& program, const Node& macro) {
  const Node& test = program.nodes[macro.children[1]];
  if (test.op < Op::kEqual || test.op > Op::kGreaterOrEqual) return std::nullopt;
  const Node &left = program.nodes[test.children[0]], &right = program.nodes[test.children[1]];
  if (left.op != Op::kSelect || right.op != Op::kLiteral) return std::nullopt;
  const Node& from = program.nodes[left.children[0]];
  if (from.op != Op::kLocal || from.slot != macro.slot) return std::nullopt;
  MemberTest found{.name = left.text, .op = test.op, .literal = right.literal};
  found.literal.text = right.text;
  return found;
}

bool Evaluation::holds_for(std::string_view object, const MemberTest& test) {
  if (!steps(kStepsToMember)) return false;
  const std::string_view text = member_of(object, test.name);
  const Value member = json(text);
  if (!step()) return false;
  if (member.is(Kind::kInt) && test.literal.is(Kind::kInt))
    return holds(test.op, member.integer <=> test.literal.integer);
  return compare(test.op, member, test.literal).is_true();
}

bool Evaluation::map_has(const Value& map, std::string_view name) {
  bool found = false;
  each(map, [&](const Value& key) {
    found = key.text == name;
    return !found;
  });
  return found;
}

Value Evaluation::is_in(const Node& node) {
  const Value wanted = of(node.children[0]), in = scalar_of(of(node.children[1]));
  if (in.is(Kind::kJsonMap) || in.is(Kind::kHeaders)) {
    const auto name = text_of(wanted);
    return Value::of_bool(name && map_has(in, *name));
  }
  bool found = false;
  each(in, [&](const Value& element) {
    found = equal(wanted, element).value_or(false);
    return !found;
  });
  return Value::of_bool(found);
}

}  // namespace thalweg::filter
