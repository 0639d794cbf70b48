#include "filter/checker.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "filter/evaluation.h"
#include "filter/limits.h"
#include "filter/names.h"

namespace thalweg::filter {
namespace {

bool is_number(Type t) { return t == Type::kInt || t == Type::kUint || t == Type::kDouble; }
bool may_be(Type t, auto... wanted) { return t == Type::kAny || ((t == wanted) || ...); }
bool may_be_number(Type t) { return t == Type::kAny || is_number(t); }

std::string name_of(Type type) {
  static constexpr std::string_view kNames[] = {"any",    "null",  "bool",      "int",      "uint", "double",
                                                "string", "bytes", "timestamp", "duration", "list", "map"};
  return std::string(kNames[std::size_t(type)]);
}

std::string_view sign_of(Op op) {
  switch (op) {
    case Op::kEqual:
      return "==";
    case Op::kNotEqual:
      return "!=";
    case Op::kLess:
      return "<";
    case Op::kLessOrEqual:
      return "<=";
    case Op::kGreater:
      return ">";
    case Op::kGreaterOrEqual:
      return ">=";
    case Op::kIn:
      return "in";
    case Op::kAdd:
      return "+";
    case Op::kSubtract:
      return "-";
    case Op::kMultiply:
      return "*";
    case Op::kDivide:
      return "/";
    case Op::kRemainder:
      return "%";
    default:
      return "";
  }
}

class Checker {
 public:
  explicit Checker(Program program) : program_(std::move(program)) {}

  // Children come before their parents.
  Checked<Program> run() {
    for (auto& node : program_.nodes) {
      auto type = type_of_node(node);
      if (!type) return std::unexpected(std::move(type.error()));
      node.type = *type;
      node.is_constant = is_constant(node);
      if (!node.is_constant || node.op == Op::kLiteral || node.op == Op::kList) continue;
      if (auto folded = fold(node); !folded) return std::unexpected(std::move(folded.error()));
    }
    return std::move(program_);
  }

  static Checked<Program> as_condition(Program program) {
    const Node& root = program.nodes[program.root];
    if (!may_be(root.type, Type::kBool))
      return wrong(root, "the whole has to be a condition, and this is of type " + name_of(root.type));
    return program;
  }

 private:
  using Typed = Checked<Type>;

  Type type(const Node& node, std::size_t child) const { return program_.nodes[node.children[child]].type; }
  const Node& child(const Node& node, std::size_t i) const { return program_.nodes[node.children[i]]; }
  static std::unexpected<Mistake> wrong(const Node& node, std::string message) {
    return std::unexpected(Mistake{node.at, node.length, std::move(message), {}});
  }

  bool is_constant(const Node& node) const {
    if (node.op == Op::kVariable) return node.variable == Variable::kNow;
    if (node.op == Op::kLocal || node.op == Op::kAnywhere) return false;
    if (node.op == Op::kCall && is_macro(node.function)) return false;
    return std::ranges::all_of(node.children, [&](NodeId id) { return program_.nodes[id].is_constant; });
  }

  // In place: a node that says the value itself.
  Checked<bool> fold(Node& node) {
    Evaluation evaluation(program_);
    const Value value = evaluation.constant(NodeId(&node - program_.nodes.data()));
    if (evaluation.trouble() != Trouble::kNone)
      return wrong(node, "this has no value: " + std::string(describe(evaluation.trouble())));
    if (value.is(Kind::kAbsent)) return wrong(node, "this has no value");
    if (value.is(Kind::kList)) return true;
    node.text = std::string(value.text);
    node.literal = value;
    node.literal.text = {};
    node.op = Op::kLiteral;
    node.children.clear();
    return true;
  }

  Typed type_of_node(Node& node) {
    switch (node.op) {
      case Op::kLiteral:
      case Op::kVariable:
      case Op::kAnywhere:
        return node.type;
      case Op::kLocal:
        return Type::kAny;
      case Op::kList:
        return Type::kList;
      case Op::kSelect:
        return type_of_select(node);
      case Op::kIndex:
        return type_of_index(node);
      case Op::kNot:
      case Op::kAnd:
      case Op::kOr:
        return type_of_logic(node);
      case Op::kNegate:
        return type_of_negation(node);
      case Op::kEqual:
      case Op::kNotEqual:
        return type_of_equality(node);
      case Op::kLess:
      case Op::kLessOrEqual:
      case Op::kGreater:
      case Op::kGreaterOrEqual:
        return type_of_order(node);
      case Op::kIn:
        return type_of_in(node);
      case Op::kAdd:
      case Op::kSubtract:
      case Op::kMultiply:
      case Op::kDivide:
      case Op::kRemainder:
        return type_of_arithmetic(node);
      case Op::kConditional:
        return type_of_conditional(node);
      case Op::kCall:
        return type_of_call(node);
    }
    return Type::kAny;
  }

  Typed type_of_select(const Node& node) const {
    if (!may_be(type(node, 0), Type::kMap)) return wrong(node, name_of(type(node, 0)) + " has no parts");
    return Type::kAny;
  }
  Typed type_of_index(const Node& node) const {
    const Type of = type(node, 0), by = type(node, 1);
    if (!may_be(of, Type::kMap, Type::kList)) return wrong(node, name_of(of) + " has no parts");
    const bool fits = of == Type::kMap    ? may_be(by, Type::kString)
                      : of == Type::kList ? may_be_number(by)
                                          : may_be(by, Type::kString) || is_number(by);
    if (!fits) return wrong(child(node, 1), "a list is asked for by number, a map by name, not by " + name_of(by));
    return Type::kAny;
  }
  Typed type_of_logic(const Node& node) const {
    for (std::size_t i = 0; i < node.children.size(); ++i)
      if (!may_be(type(node, i), Type::kBool))
        return wrong(child(node, i), "a condition has to stand here, and this is of type " + name_of(type(node, i)));
    return Type::kBool;
  }
  Typed type_of_negation(const Node& node) const {
    const Type of = type(node, 0);
    if (!may_be(of, Type::kInt, Type::kDouble, Type::kDuration))
      return wrong(node, "a minus goes before a number, not " + name_of(of));
    return of;
  }

  std::unexpected<Mistake> never(const Node& node) const {
    const Type a = type(node, 0), b = type(node, 1);
    std::string message = name_of(a) + " " + std::string(sign_of(node.op)) + " " + name_of(b) + " never holds";
    const auto is = [&](Type x, Type y) { return (a == x && b == y) || (a == y && b == x); };
    if (is(Type::kTimestamp, Type::kInt))
      message += "; milliseconds are record.timestampMs";
    else if (is(Type::kTimestamp, Type::kString))
      message += "; a time is timestamp(\"2026-01-31T12:00:00Z\")";
    else if (is(Type::kDuration, Type::kString))
      message += "; a span is duration(\"90m\")";
    return wrong(node, std::move(message));
  }
  Typed type_of_equality(const Node& node) const {
    const Type a = type(node, 0), b = type(node, 1);
    if (a == Type::kList || b == Type::kList) return wrong(node, "lists are compared by what is in them: exists, all");
    if (a == Type::kMap || b == Type::kMap) return wrong(node, "maps are compared by their parts");
    if (a == b || a == Type::kAny || b == Type::kAny || (is_number(a) && is_number(b))) return Type::kBool;
    if (a == Type::kNull || b == Type::kNull) {
      const bool may = a == Type::kString || b == Type::kString;  // record.valueAsText of a tombstone
      if (may) return Type::kBool;
    }
    return never(node);
  }
  Typed type_of_order(const Node& node) const {
    const Type a = type(node, 0), b = type(node, 1);
    const auto ordered = [](Type t) {
      return may_be_number(t) || t == Type::kString || t == Type::kBytes || t == Type::kTimestamp ||
             t == Type::kDuration;
    };
    for (std::size_t i = 0; i < 2; ++i)
      if (!ordered(type(node, i))) return wrong(child(node, i), name_of(type(node, i)) + " has no order");
    if (a == b || a == Type::kAny || b == Type::kAny || (is_number(a) && is_number(b))) return Type::kBool;
    return never(node);
  }
  Typed type_of_in(const Node& node) const {
    const Type in = type(node, 1);
    if (!may_be(in, Type::kList, Type::kMap))
      return wrong(child(node, 1),
                   "behind in stands a list or a map, not " + name_of(in) + "; a part of a text is .contains(…)");
    if (in == Type::kMap && !may_be(type(node, 0), Type::kString)) return never(node);
    return Type::kBool;
  }
  Typed type_of_arithmetic(const Node& node) const {
    const Type a = type(node, 0), b = type(node, 1);
    if (may_be_number(a) && may_be_number(b)) {
      if (a == Type::kAny || b == Type::kAny) return Type::kAny;
      if (node.op == Op::kRemainder && (a == Type::kDouble || b == Type::kDouble))
        return wrong(node, "% is for whole numbers");
      return a == b ? a : a == Type::kDouble || b == Type::kDouble ? Type::kDouble : Type::kInt;
    }
    const auto is = [&](Type x, Type y) { return may_be(a, x) && may_be(b, y); };
    if (node.op == Op::kAdd) {
      if (is(Type::kString, Type::kString)) return Type::kString;
      if (is(Type::kDuration, Type::kDuration)) return Type::kDuration;
      if (is(Type::kTimestamp, Type::kDuration) || is(Type::kDuration, Type::kTimestamp)) return Type::kTimestamp;
    }
    if (node.op == Op::kSubtract) {
      if (is(Type::kTimestamp, Type::kTimestamp) || is(Type::kDuration, Type::kDuration)) return Type::kDuration;
      if (is(Type::kTimestamp, Type::kDuration)) return Type::kTimestamp;
    }
    return wrong(node, name_of(a) + " " + std::string(sign_of(node.op)) + " " + name_of(b) + " means nothing");
  }
  Typed type_of_conditional(const Node& node) const {
    if (!may_be(type(node, 0), Type::kBool))
      return wrong(child(node, 0), "in front of ? stands a condition, not " + name_of(type(node, 0)));
    return type(node, 1) == type(node, 2) ? type(node, 1) : Type::kAny;
  }

  Typed type_of_call(Node& node) {
    const Type of = type(node, 0);
    const auto misfit = [&](std::string_view wanted) {
      return wrong(child(node, 0),
                   std::string(name(node.function)) + " is for " + std::string(wanted) + ", not " + name_of(of));
    };
    switch (node.function) {
      case Function::kContains:
      case Function::kStartsWith:
      case Function::kEndsWith:
        if (!may_be(of, Type::kString, Type::kBytes)) return misfit("text and bytes");
        if (!may_be(type(node, 1), Type::kString, Type::kBytes))
          return wrong(child(node, 1), "text has to stand here, not " + name_of(type(node, 1)));
        return Type::kBool;
      case Function::kMatches:
        if (!may_be(of, Type::kString)) return misfit("text");
        return compile_pattern(node);
      case Function::kLower:
        return may_be(of, Type::kString) ? Typed(Type::kString) : misfit("text");
      case Function::kSize:
        return may_be(of, Type::kString, Type::kBytes, Type::kList, Type::kMap) ? Typed(Type::kInt)
                                                                                : misfit("text, bytes, lists and maps");
      case Function::kInt:
        return may_be_number(of) || of == Type::kString || of == Type::kTimestamp ? Typed(Type::kInt)
                                                                                  : misfit("numbers, text and times");
      case Function::kDouble:
        return may_be_number(of) || of == Type::kString ? Typed(Type::kDouble) : misfit("numbers and text");
      case Function::kString:
        return of == Type::kList || of == Type::kMap || of == Type::kNull ? misfit("single values")
                                                                          : Typed(Type::kString);
      case Function::kTimestamp:
        return may_be(of, Type::kString, Type::kInt, Type::kTimestamp)
                   ? Typed(Type::kTimestamp)
                   : misfit("text like \"2026-01-31T12:00:00Z\", or seconds");
      case Function::kDuration:
        return may_be(of, Type::kString, Type::kDuration) ? Typed(Type::kDuration) : misfit("text like \"90m\"");
      case Function::kType:
        return Type::kString;
      case Function::kBase64:
      case Function::kHex:
        return may_be(of, Type::kString, Type::kBytes) ? Typed(Type::kString) : misfit("text and bytes");
      case Function::kHas:
        if (child(node, 0).op != Op::kSelect && child(node, 0).op != Op::kIndex)
          return wrong(child(node, 0), "has is asked of a path: has(value.user)");
        return Type::kBool;
      case Function::kExists:
      case Function::kAll:
      case Function::kFilter:
        if (!may_be(of, Type::kList, Type::kMap)) return misfit("lists and maps");
        if (!may_be(type(node, 1), Type::kBool)) return wrong(child(node, 1), "a condition has to stand here");
        return node.function == Function::kFilter ? Type::kList : Type::kBool;
    }
    return Type::kAny;
  }

  Typed compile_pattern(Node& node) const {
    const Node& pattern = child(node, 1);
    if (pattern.op != Op::kLiteral || pattern.type != Type::kString)
      return wrong(pattern, "the pattern has to be written here in quotes");
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(std::int64_t(kPatternMemory));
    auto compiled = std::make_shared<const re2::RE2>(pattern.text, options);
    if (!compiled->ok()) return wrong(pattern, "no pattern: " + compiled->error());
    node.pattern = std::move(compiled);
    return Type::kBool;
  }

  Program program_;
};

}  // namespace

Checked<Program> check(Program program) {
  auto checked = check_value(std::move(program));
  return checked ? Checker::as_condition(*std::move(checked)) : std::move(checked);
}

Checked<Program> check_value(Program program) { return Checker(std::move(program)).run(); }

}  // namespace thalweg::filter
