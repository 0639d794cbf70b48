#include "filter/parser.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "filter/limits.h"
#include "filter/names.h"
#include "filter/token.h"

namespace thalweg::filter {
namespace {

struct Operator {
  std::string_view sign;
  Op op;
  int binds;  // the higher, the tighter
};
constexpr Operator kOperators[] = {
    {"||", Op::kOr, 1},    {"&&", Op::kAnd, 2},         {"==", Op::kEqual, 3},   {"!=", Op::kNotEqual, 3},
    {"<", Op::kLess, 3},   {"<=", Op::kLessOrEqual, 3}, {">", Op::kGreater, 3},  {">=", Op::kGreaterOrEqual, 3},
    {"in", Op::kIn, 3},    {"+", Op::kAdd, 4},          {"-", Op::kSubtract, 4}, {"*", Op::kMultiply, 5},
    {"/", Op::kDivide, 5}, {"%", Op::kRemainder, 5},
};

// Words that an expression cannot use as names.
bool is_reserved(std::string_view name) {
  static constexpr std::string_view kWords[] = {"in", "true", "false", "null"};
  return std::ranges::find(kWords, name) != std::end(kWords);
}

class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  Checked<Program> run() {
    auto root = expression();
    if (!root) return std::unexpected(std::move(root.error()));
    if (here().kind != Token::Kind::kEnd) return wrong(here(), "an operator is missing in front of this");
    program_.root = *root;
    program_.slots = slots_max_;
    return std::move(program_);
  }

 private:
  using Parsed = Checked<NodeId>;

  const Token& here() const { return tokens_[at_]; }
  Token take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool take_if(std::string_view sign) {
    if (!here().is(sign)) return false;
    ++at_;
    return true;
  }
  static std::unexpected<Mistake> wrong(const Token& token, std::string message, std::string nearest = {}) {
    return std::unexpected(
        Mistake{token.at, std::max<std::size_t>(token.length, 1), std::move(message), std::move(nearest)});
  }

  // Takes up the children's places and the node's own: [from, end of the last token).
  Parsed add(Node node, std::size_t from) {
    const Token& last = tokens_[at_ == 0 ? 0 : at_ - 1];
    node.at = from;
    node.length = last.at + last.length - from;
    if (program_.nodes.size() == kNodesMax)
      return wrong(last, "the expression has more than " + std::to_string(kNodesMax) + " parts");
    program_.nodes.push_back(std::move(node));
    return NodeId(program_.nodes.size() - 1);
  }

  // What stands within something else.
  template <class F>
  Parsed deeper(F parse) {
    if (depth_ == kDepthMax)
      return wrong(here(), "more than " + std::to_string(kDepthMax) + " parts stand within each other here");
    ++depth_;
    Parsed parsed = parse();
    --depth_;
    return parsed;
  }

  Parsed expression() {
    return deeper([this] { return conditional(); });
  }

  Parsed conditional() {
    const std::size_t from = here().at;
    Parsed condition = binary(1);
    if (!condition || !take_if("?")) return condition;
    Parsed yes = expression();
    if (!yes) return yes;
    if (!take_if(":")) return wrong(here(), "a ? b : c needs its colon here");
    Parsed no = expression();
    if (!no) return no;
    return add({.op = Op::kConditional, .children = {*condition, *yes, *no}}, from);
  }

  const Operator* operator_here(int binds_min) const {
    const Token& token = here();
    if (token.kind != Token::Kind::kSign && !token.is_name("in")) return nullptr;
    const auto found = std::ranges::find(kOperators, std::string_view(token.text), &Operator::sign);
    return found != std::end(kOperators) && found->binds >= binds_min ? found : nullptr;
  }

  Parsed binary(int binds_min) {
    const std::size_t from = here().at;
    Parsed left = unary();
    while (left) {
      const Operator* found = operator_here(binds_min);
      if (!found) break;
      take();
      Parsed right = binary(found->binds + 1);
      if (!right) return right;
      left = add({.op = found->op, .children = {*left, *right}}, from);
    }
    return left;
  }

  Parsed unary() {
    const Token first = here();
    if (!first.is("!") && !first.is("-")) return postfix();
    take();
    if (first.is("-") && here().kind == Token::Kind::kInt) {
      const Token number = take();
      return followed(add_int(std::uint64_t{0} - number.integer, first.at), first.at);
    }
    Parsed of = deeper([this] { return unary(); });
    if (!of) return of;
    return add({.op = first.is("!") ? Op::kNot : Op::kNegate, .children = {*of}}, first.at);
  }

  Parsed postfix() {
    const std::size_t from = here().at;
    return followed(primary(), from);
  }

  // ".name", ".name(…)" and "[…]" behind a value.
  Parsed followed(Parsed value, std::size_t from) {
    while (value) {
      if (take_if(".")) {
        value = member(*value, from);
      } else if (take_if("[")) {
        Parsed index = expression();
        if (!index) return index;
        if (!take_if("]")) return wrong(here(), "the bracket has to be closed here: ]");
        value = add({.op = Op::kIndex, .children = {*value, *index}}, from);
      } else {
        break;
      }
    }
    return value;
  }

  Parsed member(NodeId of, std::size_t from) {
    const Token name = take();
    if (name.kind != Token::Kind::kName) return wrong(name, "a name has to follow the dot; others stand in [\"…\"]");
    if (take_if("(")) return call(name, of, from);
    return add({.op = Op::kSelect, .children = {of}, .text = name.text}, from);
  }

  Parsed primary() {
    const Token token = take();
    const std::size_t from = token.at;
    switch (token.kind) {
      case Token::Kind::kEnd:
        return wrong(token, at_ <= 1 ? "there is nothing to look for" : "something is missing at the end");
      case Token::Kind::kInt:
        if (token.integer > std::uint64_t(std::numeric_limits<std::int64_t>::max()))
          return wrong(token, "an int ends at 9223372036854775807; write u behind the number for an unsigned one");
        return add_int(token.integer, from);
      case Token::Kind::kUint:
        return add({.type = Type::kUint, .literal = Value::of_uint(token.integer)}, from);
      case Token::Kind::kDouble:
        return add({.type = Type::kDouble, .literal = Value::of_double(token.real)}, from);
      case Token::Kind::kString:
        return add({.type = Type::kString, .text = token.text, .literal = {.kind = Kind::kString}}, from);
      case Token::Kind::kBytes:
        return add({.type = Type::kBytes, .text = token.text, .literal = {.kind = Kind::kBytes}}, from);
      case Token::Kind::kName:
        return name(token);
      case Token::Kind::kSign:
        break;
    }
    if (token.is("(")) {
      Parsed inner = expression();
      if (inner && !take_if(")")) return wrong(here(), "the parenthesis has to be closed here: )");
      return inner;
    }
    if (token.is("[")) return list(from);
    return wrong(token, "a value has to stand here");
  }

  Parsed add_int(std::uint64_t bits, std::size_t from) {
    return add({.type = Type::kInt, .literal = Value::of_int(std::int64_t(bits))}, from);
  }

  Parsed name(const Token& token) {
    const std::size_t from = token.at;
    if (token.text == "true" || token.text == "false")
      return add({.type = Type::kBool, .literal = Value::of_bool(token.text == "true")}, from);
    if (token.text == "null") return add({.type = Type::kNull, .literal = Value::null()}, from);
    if (is_reserved(token.text)) return wrong(token, "a value has to stand in front of this");
    if (take_if("(")) return call(token, std::nullopt, from);
    for (std::size_t i = locals_.size(); i-- > 0;)
      if (locals_[i] == token.text) return add({.op = Op::kLocal, .slot = std::uint16_t(i)}, from);
    if (token.text == "record") return record_member(from);
    const auto variable = variable_of(token.text);
    if (!variable)
      return wrong(token, "there is no " + token.text + "; text stands in quotes", nearest_variable(token.text));
    return add({.op = Op::kVariable, .type = type_of(*variable), .variable = *variable}, from);
  }

  Parsed record_member(std::size_t from) {
    if (!take_if(".")) return wrong(here(), "of record, a part is asked for: record.value");
    const Token token = take();
    const auto variable = record_member_of(token.text);
    if (token.kind != Token::Kind::kName || !variable)
      return wrong(token, "a record has no " + token.text, nearest_record_member(token.text));
    return add({.op = Op::kVariable, .type = type_of(*variable), .variable = *variable}, from);
  }

  Parsed list(std::size_t from) {
    Node node{.op = Op::kList, .type = Type::kList, .children = {}};
    auto items = values_until("]");
    if (!items) return std::unexpected(std::move(items.error()));
    node.children = *std::move(items);
    return add(std::move(node), from);
  }

  Checked<std::vector<NodeId>> values_until(std::string_view end) {
    std::vector<NodeId> all;
    while (!here().is(end)) {
      Parsed value = expression();
      if (!value) return std::unexpected(std::move(value.error()));
      all.push_back(*value);
      if (!take_if(",")) break;
    }
    if (!take_if(end)) return wrong(here(), "a comma or " + std::string(end) + " has to stand here");
    return all;
  }

  // Behind "name(": of what stands in front of the dot, if anything does.
  Parsed call(const Token& name, std::optional<NodeId> of, std::size_t from) {
    const auto function = function_of(name.text);
    if (!function) return wrong(name, "there is no function " + name.text, nearest_function(name.text));
    if (is_macro(*function)) return macro(name, *function, of, from);
    Node node{.op = Op::kCall, .function = *function, .children = {}};
    auto values = values_until(")");
    if (!values) return std::unexpected(std::move(values.error()));
    node.children = *std::move(values);
    if (of) node.children.insert(node.children.begin(), *of);
    const std::size_t wanted = arity(*function);
    if (node.children.size() != wanted)
      return wrong(name, name.text + (wanted == 1 ? " takes one value" : " takes two values: a." + name.text + "(b)"));
    return add(std::move(node), from);
  }

  Parsed macro(const Token& name, Function function, std::optional<NodeId> of, std::size_t from) {
    const std::string shape = "list." + name.text + "(x, condition on x)";
    if (!of) return wrong(name, name.text + " stands behind a list: " + shape);
    const Token local = take();
    if (local.kind != Token::Kind::kName || is_reserved(local.text) || !take_if(","))
      return wrong(local, "a name and a comma have to stand here: " + shape);
    const auto slot = std::uint16_t(locals_.size());
    locals_.push_back(local.text);
    slots_max_ = std::max(slots_max_, std::uint16_t(locals_.size()));
    Parsed condition = expression();
    locals_.pop_back();
    if (!condition) return condition;
    if (!take_if(")")) return wrong(here(), "the parenthesis has to be closed here: )");
    return add({.op = Op::kCall, .function = function, .slot = slot, .children = {*of, *condition}}, from);
  }

  const std::vector<Token> tokens_;
  std::size_t at_ = 0, depth_ = 0;
  Program program_;
  std::vector<std::string> locals_;
  std::uint16_t slots_max_ = 0;
};

}  // namespace

Checked<Program> parse(std::string_view text) {
  if (text.size() > kTextMax)
    return std::unexpected(
        Mistake{kTextMax, text.size() - kTextMax, "a filter has at most " + std::to_string(kTextMax) + " bytes", {}});
  auto tokens = tokens_of(text);
  if (!tokens) return std::unexpected(std::move(tokens.error()));
  return Parser(*std::move(tokens)).run();
}

bool is_plain_words(std::string_view text) {
  static constexpr std::string_view kOperatorSigns = "=!<>()[]&|+*%?\"',`{}\\^~;";
  if (text.find_first_not_of(" \t\r\n") == text.npos || text.size() > kTextMax) return false;
  if (text.find_first_of(kOperatorSigns) != text.npos) return false;
  // A name of ours alone, a path or a number is an expression, right or not.
  const auto parsed = parse(text);
  return !parsed || parsed->nodes[parsed->root].type == Type::kInt || parsed->nodes[parsed->root].type == Type::kDouble;
}

Program anywhere(std::string_view words) {
  const auto first = words.find_first_not_of(" \t\r\n"), last = words.find_last_not_of(" \t\r\n");
  Program program;
  program.nodes.push_back({.op = Op::kAnywhere,
                           .type = Type::kBool,
                           .children = {},
                           .text = std::string(words.substr(first, last - first + 1)),
                           .at = first,
                           .length = last - first + 1});
  return program;
}

}  // namespace thalweg::filter
