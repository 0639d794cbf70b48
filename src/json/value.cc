#include "json/value.h"

#include <algorithm>
#include <compare>
#include <tuple>

#include "base/number.h"

namespace thalweg::json {

std::optional<std::int64_t> Number::as_int64() const { return parse_number<std::int64_t>(text); }
std::optional<double> Number::as_double() const { return parse_number<double>(text); }

// Here, since a Member is not known yet where an Object is declared.
Object::Object() = default;
Object::Object(const Object&) = default;
Object::Object(Object&&) noexcept = default;
Object& Object::operator=(const Object&) = default;
Object& Object::operator=(Object&&) noexcept = default;
Object::~Object() = default;

Object Object::of(std::initializer_list<Member> members) {
  Object object;
  object.members_ = members;
  return object;
}

const Value* Object::find(std::string_view key) const {
  for (auto at = members_.rbegin(); at != members_.rend(); ++at)
    if (at->key == key) return &at->value;
  return nullptr;
}
Value* Object::find(std::string_view key) { return const_cast<Value*>(std::as_const(*this).find(key)); }

void Object::set(std::string_view key, Value value) {
  if (auto* found = find(key))
    *found = std::move(value);
  else
    add(std::string(key), std::move(value));
}
void Object::add(std::string key, Value value) { members_.push_back({std::move(key), std::move(value)}); }

bool Object::erase(std::string_view key) {
  return std::erase_if(members_, [&](const Member& m) { return m.key == key; }) > 0;
}

std::optional<std::string> Object::duplicate() const {
  std::vector<std::string_view> keys;
  keys.reserve(members_.size());
  for (const auto& member : members_) keys.push_back(member.key);
  std::ranges::sort(keys);
  const auto twice = std::ranges::adjacent_find(keys);
  if (twice == keys.end()) return std::nullopt;
  return std::string(*twice);
}

bool operator==(const Object& a, const Object& b) { return a.members_ == b.members_; }

std::string_view Value::kind() const {
  static constexpr std::string_view kKinds[] = {"null", "boolean", "number", "string", "array", "object"};
  return kKinds[is_.index()];
}

namespace {

// Of equal keys the earlier one comes first, as it lies first in memory.
std::vector<const Member*> by_key(const Object& object) {
  std::vector<const Member*> sorted;
  sorted.reserve(object.size());
  for (const auto& member : object.members()) sorted.push_back(&member);
  std::ranges::sort(sorted, [](const Member* a, const Member* b) { return std::tie(a->key, a) < std::tie(b->key, b); });
  return sorted;
}

}  // namespace

void sort_members(Value& value) {
  if (auto* array = value.if_array())
    for (auto& element : *array) sort_members(element);
  if (auto* object = value.if_object()) {
    std::vector<Member> sorted;
    sorted.reserve(object->size());
    for (const auto* member : by_key(*object)) sorted.push_back(std::move(const_cast<Member&>(*member)));
    object->members() = std::move(sorted);
    for (auto& member : object->members()) sort_members(member.value);
  }
}

namespace {

bool equivalent_objects(const Object& a, const Object& b) {
  if (a.size() != b.size()) return false;
  return std::ranges::equal(by_key(a), by_key(b), [](const Member* x, const Member* y) {
    return x->key == y->key && equivalent(x->value, y->value);
  });
}

}  // namespace

bool equivalent(const Value& a, const Value& b) {
  if (const auto *x = a.if_object(), *y = b.if_object(); x && y) return equivalent_objects(*x, *y);
  if (const auto *x = a.if_array(), *y = b.if_array(); x && y) return std::ranges::equal(*x, *y, equivalent);
  if (const auto *x = a.if_number(), *y = b.if_number(); x && y)
    return x->text == y->text || decimal(*x) == decimal(*y);
  return a == b;
}

Decimal decimal(const Number& number) {
  constexpr std::int64_t kMost = 1'000'000'000'000'000'000;
  Decimal result;
  std::string_view text = number.text;
  if (text.starts_with('-')) result.negative = true, text.remove_prefix(1);
  const auto e = text.find_first_of("eE");
  if (e != std::string_view::npos) {
    std::string_view exponent = text.substr(e + 1);
    const bool down = exponent.starts_with('-');
    if (exponent.starts_with('+')) exponent.remove_prefix(1);
    result.exponent = parse_number<std::int64_t>(exponent).value_or(down ? -kMost : kMost);
    result.exponent = std::clamp(result.exponent, -kMost, kMost);
    text = text.substr(0, e);
  }
  const auto point = text.find('.');
  result.digits = text.substr(0, point);
  if (point != std::string_view::npos) {
    result.digits += text.substr(point + 1);
    result.exponent -= static_cast<std::int64_t>(text.size() - point - 1);
  }
  const auto last = result.digits.find_last_not_of('0');
  if (last == std::string::npos) return {};  // zero has no sign either
  result.exponent += static_cast<std::int64_t>(result.digits.size() - last - 1);
  result.digits.resize(last + 1);
  result.digits.erase(0, result.digits.find_first_not_of('0'));
  result.exponent = std::clamp(result.exponent, -kMost, kMost);
  return result;
}

std::strong_ordering compare(const Decimal& a, const Decimal& b) {
  if (a == b) return std::strong_ordering::equal;
  const auto sign = [](const Decimal& d) { return d.digits.empty() ? 0 : d.negative ? -1 : 1; };
  if (sign(a) != sign(b)) return sign(a) <=> sign(b);
  const auto magnitude = [](const Decimal& d) { return static_cast<std::int64_t>(d.digits.size()) + d.exponent; };
  auto order = magnitude(a) <=> magnitude(b);
  if (order == 0) order = std::string_view(a.digits) <=> std::string_view(b.digits);
  return a.negative ? 0 <=> order : order;
}

}  // namespace thalweg::json
