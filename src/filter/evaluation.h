// One program over one record after the other. What is looked at and made is bounded (limits.h); a record that goes
// beyond is in trouble, and neither matches nor does not.
//
// Owner: who made it; for one record at a time.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "filter/input.h"
#include "filter/limits.h"
#include "filter/program.h"

namespace thalweg::filter {

enum class Trouble : std::uint8_t {
  kNone,
  kSteps,     // more than kStepsMax
  kLookedAt,  // more than kLookedAtMax
  kMade,      // more than kMadeMax
  kOverflow,  // a number that does not fit
  kZero,      // divided by it
  kSchema,    // what the record says cannot be read by the schema that it names
};
// "a number does not fit into 64 bits"
std::string_view describe(Trouble trouble);

// What lists are asked most: how a member of an element compares with something that the filter says. Told from the
// rest once for a list; it takes the same steps and comes to the same as node by node.
struct MemberTest {
  std::string_view name;
  Op op;
  Value literal;

  // Nothing: the macro asks for something else.
  static std::optional<MemberTest> of(const Program& program, const Node& macro);
};

class Evaluation {
 public:
  // The program outlives it.
  explicit Evaluation(const Program& program) : program_(program), locals_(program.slots) {}

  // Whether the record matches; trouble() says whether that is known. What `input` refers to outlives the call.
  bool matches(const Input& input);
  Trouble trouble() const { return trouble_; }
  // What the program comes to, as text for people; a number of JSON as it was written. Nothing: it is absent, or not
  // known. It lives until the next call, and as long as the record.
  std::optional<std::string_view> text(const Input& input);
  // What the record took, in steps: looking at bytes costs one for each kBytesOfStep.
  std::uint64_t work() const { return steps_ + looked_at_ / kBytesOfStep; }

  // Of a node that needs no record. Text in it lives as long as this.
  Value constant(NodeId node);

 private:
  // evaluation.cc
  void begin(const Input* input);
  Value of(NodeId id);
  Value of_variable(Variable variable);
  Value of_conditional(const Node& node);
  Value select(const Value& value, std::string_view name);
  std::string_view member_of(const Value& value, std::string_view name);
  std::string_view member_of(std::string_view object, std::string_view name);
  Value index(const Value& value, const Value& by);
  Value header(std::string_view name);
  bool anywhere(std::string_view words);
  Value json(std::string_view text);
  Value list_of(const Node& node);
  // Calls with each element; of a map with each key. False from it ends the walk.
  template <class F>
  void each(const Value& list, F visit);
  // evaluation_compare.cc
  Value compare(const Node& node);
  Value compare(Op op, Value a, Value b);
  bool holds_for(std::string_view object, const MemberTest& test);
  std::optional<bool> equal(Value a, Value b);
  Value is_in(const Node& node);
  bool map_has(const Value& map, std::string_view name);
  Value scalar_of(const Value& side);
  bool is_true(const Value& value) { return value.is(Kind::kSide) ? scalar_of(value).is_true() : value.is_true(); }
  // evaluation_arithmetic.cc
  Value arithmetic(const Node& node);
  Value arithmetic(Op op, const Value& a, const Value& b);
  Value negate(const Value& value);
  Value checked(bool overflowed, Value value);
  // evaluation_call.cc
  Value call(const Node& node);
  Value call_macro(const Node& node);
  bool finds(const Node& node, const Value& value);
  Value size_of(const Value& value);
  Value to_int(Value value);
  Value to_double(Value value);
  Value to_string(const Value& value);
  Value to_timestamp(Value value);
  Value to_duration(const Value& value);
  Value type_of(const Value& value);

  // What is looked into: of a side that names a schema, its JSON.
  std::string_view inside(std::string_view side);
  // The text of what is text: nothing of what is none.
  std::optional<std::string_view> text_of(const Value& value);
  std::optional<std::string_view> text_or_bytes_of(const Value& value);
  std::string_view made(std::string text);
  void in(Trouble trouble) {
    if (trouble_ == Trouble::kNone) trouble_ = trouble;
  }
  // False when there is trouble, so that whoever goes on stops.
  bool steps(std::uint32_t count);
  bool step() { return steps(1); }
  bool look_at(std::size_t bytes);

  const Program& program_;
  const Input* input_ = nullptr;
  Trouble trouble_ = Trouble::kNone;
  std::uint32_t steps_ = 0;
  std::size_t looked_at_ = 0, made_bytes_ = 0;
  std::vector<const Value*> locals_;  // of the elements that macros are at
  std::deque<std::string> made_;      // views of it stay good while it grows
  std::deque<std::vector<Value>> lists_;
  // Sides that were read by their schemas, by where they lie.
  struct ReadSide {
    const char* at;
    std::string json;
  };
  std::deque<ReadSide> read_sides_;
  // How long the object is that was looked into last, where that was seen by the way; 0: it was not.
  struct KnownObject {
    const char* at = nullptr;
    std::size_t size = 0;
  };
  KnownObject known_object_;
};

}  // namespace thalweg::filter
