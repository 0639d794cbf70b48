// What numbers, times and text come to.
#include <cmath>
#include <string>

#include "filter/evaluation.h"
#include "filter/limits.h"

namespace thalweg::filter {
namespace {

template <class Integer>
bool overflows(Op op, Integer a, Integer b, Integer& result) {
  switch (op) {
    case Op::kAdd:
      return __builtin_add_overflow(a, b, &result);
    case Op::kSubtract:
      return __builtin_sub_overflow(a, b, &result);
    case Op::kMultiply:
      return __builtin_mul_overflow(a, b, &result);
    default:
      break;
  }
  // The one quotient that does not fit: the smallest int by -1.
  if (Integer negated = 0; __builtin_sub_overflow(Integer(0), a, &negated) && b == Integer(-1) && Integer(-1) < 0)
    return true;
  result = op == Op::kDivide ? a / b : a % b;
  return false;
}

double as_double(const Value& value) {
  return value.is(Kind::kDouble) ? value.real : value.is(Kind::kInt) ? double(value.integer) : double(value.as_uint());
}

}  // namespace

Value Evaluation::checked(bool overflowed, Value value) {
  if (!overflowed) return value;
  in(Trouble::kOverflow);
  return {};
}

Value Evaluation::negate(const Value& value) {
  if (value.is(Kind::kDouble)) return Value::of_double(-value.real);
  if (!value.is(Kind::kInt) && !value.is(Kind::kDuration)) return {};
  Value negated = value;
  negated.text = {};
  return checked(__builtin_sub_overflow(std::int64_t{0}, value.integer, &negated.integer), negated);
}

Value Evaluation::arithmetic(const Node& node) {
  const Value a = of(node.children[0]), b = of(node.children[1]);
  if (node.op == Op::kAdd && (a.is(Kind::kString) || b.is(Kind::kString))) {
    const auto left = text_of(a), right = text_of(b);
    if (!left || !right) return {};
    if (left->size() + right->size() > kMadeMax) {
      in(Trouble::kMade);
      return {};
    }
    return Value::of_text(Kind::kString, made(std::string(*left) + std::string(*right)));
  }
  return arithmetic(node.op, scalar_of(a), scalar_of(b));
}

Value Evaluation::arithmetic(Op op, const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    const bool divides = op == Op::kDivide || op == Op::kRemainder;
    if (a.is(Kind::kDouble) || b.is(Kind::kDouble)) {
      const double x = as_double(a), y = as_double(b);
      if (op == Op::kRemainder) return {};
      return Value::of_double(op == Op::kAdd        ? x + y
                              : op == Op::kSubtract ? x - y
                              : op == Op::kMultiply ? x * y
                                                    : x / y);
    }
    if (divides && b.integer == 0) {
      in(Trouble::kZero);
      return {};
    }
    if (a.is(Kind::kUint) && b.is(Kind::kUint)) {
      std::uint64_t result = 0;
      const bool over = overflows(op, a.as_uint(), b.as_uint(), result);
      return checked(over, Value::of_uint(result));
    }
    const bool too_large = (a.is(Kind::kUint) && a.integer < 0) || (b.is(Kind::kUint) && b.integer < 0);
    std::int64_t result = 0;
    const bool over = too_large || overflows(op, a.integer, b.integer, result);
    return checked(over, Value::of_int(result));
  }
  const bool a_time = a.is(Kind::kTimestamp), b_time = b.is(Kind::kTimestamp);
  const bool times = (a_time || a.is(Kind::kDuration)) && (b_time || b.is(Kind::kDuration));
  const bool adds = op == Op::kAdd && !(a_time && b_time), subtracts = op == Op::kSubtract && !(b_time && !a_time);
  if (!times || (!adds && !subtracts)) return {};
  std::int64_t result = 0;
  const bool over = overflows(op, a.integer, b.integer, result);
  return checked(over, Value::of_time(a_time != b_time ? Kind::kTimestamp : Kind::kDuration, result));
}

}  // namespace thalweg::filter
