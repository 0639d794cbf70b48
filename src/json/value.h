// JSON as a tree that loses nothing: members keep their order and their duplicates, numbers keep their spelling, so 1
// and 1.0 stay different and an int64 stays exact. Source: RFC 8259.
//
// A tree that parse() made is no deeper than its limit, so walking it by recursion is bounded. Whoever builds a tree
// keeps it as shallow.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace thalweg::json {

// A number as it was spelled, within RFC 8259's grammar.
struct Number {
  std::string text = "0";

  static Number of(std::int64_t value) { return {std::to_string(value)}; }
  // Nothing when it is not spelled as an integer, or does not fit.
  std::optional<std::int64_t> as_int64() const;
  // The nearest double; nothing when it is beyond them.
  std::optional<double> as_double() const;
  friend bool operator==(const Number&, const Number&) = default;
};

class Value;
struct Member;

using Array = std::vector<Value>;

// Members in their order. Looking one up walks them.
class Object {
 public:
  Object();
  Object(const Object&);
  Object(Object&&) noexcept;
  Object& operator=(const Object&);
  Object& operator=(Object&&) noexcept;
  ~Object();

  // In place of a constructor from a list of members, which could not be told from a copy.
  static Object of(std::initializer_list<Member> members);

  const std::vector<Member>& members() const { return members_; }
  std::vector<Member>& members() { return members_; }
  bool empty() const;
  std::size_t size() const;
  // Of several the last, as Java's and most other readers do; null when there is none.
  const Value* find(std::string_view key) const;
  Value* find(std::string_view key);
  // Replaces what has the key, or comes last.
  void set(std::string_view key, Value value);
  // Comes last, whatever is there already.
  void add(std::string key, Value value);
  bool erase(std::string_view key);
  // A key that occurs twice; nothing when there is none.
  std::optional<std::string> duplicate() const;

  friend bool operator==(const Object&, const Object&);

 private:
  std::vector<Member> members_;
};

class Value {
 public:
  Value() = default;  // null
  Value(std::nullptr_t) {}
  Value(bool value) : is_(value) {}
  Value(Number value) : is_(std::move(value)) {}
  Value(std::int64_t value) : is_(Number::of(value)) {}
  Value(int value) : is_(Number::of(value)) {}
  Value(std::string value) : is_(std::move(value)) {}
  Value(std::string_view value) : is_(std::string(value)) {}
  Value(const char* value) : is_(std::string(value)) {}
  Value(Array value) : is_(std::move(value)) {}
  Value(Object value) : is_(std::move(value)) {}

  bool is_null() const { return std::holds_alternative<std::monostate>(is_); }
  // Null when it is of another kind.
  const bool* if_bool() const { return std::get_if<bool>(&is_); }
  const Number* if_number() const { return std::get_if<Number>(&is_); }
  const std::string* if_string() const { return std::get_if<std::string>(&is_); }
  const Array* if_array() const { return std::get_if<Array>(&is_); }
  Array* if_array() { return std::get_if<Array>(&is_); }
  const Object* if_object() const { return std::get_if<Object>(&is_); }
  Object* if_object() { return std::get_if<Object>(&is_); }

  // The member; null when there is none or this is no object.
  const Value* find(std::string_view key) const {
    const auto* object = if_object();
    return object ? object->find(key) : nullptr;
  }
  // "null", "boolean", "number", "string", "array", "object".
  std::string_view kind() const;

  // Equal spelling and order; see equivalent() for equal meaning.
  friend bool operator==(const Value&, const Value&) = default;

 private:
  std::variant<std::monostate, bool, Number, std::string, Array, Object> is_;
};

struct Member {
  std::string key;
  Value value;
  friend bool operator==(const Member&, const Member&) = default;
};

inline bool Object::empty() const { return members_.empty(); }
inline std::size_t Object::size() const { return members_.size(); }

// Members of every object by key, those of arrays as they are: two trees that say the same differ no more in order.
void sort_members(Value& value);

// Whether they say the same: members in any order, numbers by their value (1, 1.0 and 10e-1 are one).
bool equivalent(const Value& a, const Value& b);

// A number's value in one spelling: digits without leading or trailing zeros, and the exponent of ten. Equal values
// have equal forms whatever their size.
struct Decimal {
  bool negative = false;
  std::string digits;         // empty: zero
  std::int64_t exponent = 0;  // value = digits * 10^exponent; clamped to +-10^18, beyond which nobody counts
  friend bool operator==(const Decimal&, const Decimal&) = default;
};
Decimal decimal(const Number& number);
std::strong_ordering compare(const Decimal& a, const Decimal& b);

}  // namespace thalweg::json
