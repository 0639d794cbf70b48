// An expression after it was read: nodes in one row, children by their place. Made by the parser, completed by the
// checker, read by evaluations.
#pragma once

#include <re2/re2.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "filter/value.h"

namespace thalweg::filter {

enum class Op : std::uint8_t {
  kLiteral,   // `literal`, whose text is `text`
  kVariable,  // of the record
  kLocal,     // of a macro: `slot`
  kSelect,    // child 0 . text
  kIndex,     // child 0 [ child 1 ]
  kNot,
  kNegate,
  kAnd,
  kOr,
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kIn,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kRemainder,
  kConditional,  // child 0 ? child 1 : child 2
  kList,
  kCall,      // `function` of the children
  kAnywhere,  // plain words: key, value or a header contains `text`
};

enum class Variable : std::uint8_t {
  kKey,
  kValue,
  kHeaders,
  kPartition,
  kOffset,
  kTimestamp,
  kSize,
  kTombstone,
  kProducerId,
  kSchemaId,
  kNow,
  kKeyAsText,
  kValueAsText,
  kTimestampMs,
};

enum class Function : std::uint8_t {
  kContains,
  kStartsWith,
  kEndsWith,
  kMatches,
  kLower,
  kSize,
  kInt,
  kDouble,
  kString,
  kTimestamp,
  kDuration,
  kType,
  kBase64,
  kHex,
  kHas,
  kExists,  // child 0 .exists(`slot`, child 1)
  kAll,
  kFilter,
};

// What is known of a value before there is a record.
enum class Type : std::uint8_t {
  kAny,  // of JSON, or a key, value or header as a whole
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTimestamp,
  kDuration,
  kList,
  kMap,
};

using NodeId = std::uint16_t;

struct Node {
  Op op = Op::kLiteral;
  Type type = Type::kAny;
  Variable variable{};
  Function function{};
  std::uint16_t slot = 0;
  std::vector<NodeId> children = {};
  std::string text = {};
  Value literal = {};                            // without its text
  std::shared_ptr<const re2::RE2> pattern = {};  // of kMatches
  std::size_t at = 0, length = 0;                // in the expression
  bool is_constant = false;                      // the same for every record
};

struct Program {
  std::vector<Node> nodes;
  NodeId root = 0;
  std::uint16_t slots = 0;  // of macros within each other
  Timestamp now = 0;        // when it was read
};

}  // namespace thalweg::filter
