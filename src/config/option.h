// One row per option: its name as Kafka spells it, type, default, what is valid, whether it may change while running,
// and one sentence for people. Parsing, validation, DescribeConfigs and the reference page all read these rows.
//
// Rows are constants with static lifetime; pointers to an Option stay valid for ever.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace thalweg::config {

// The numbers are those of DescribeConfigs.
enum class Type : std::int8_t {
  kUnknown = 0,  // of options that are in no table
  kBoolean = 1,
  kString = 2,
  kInt = 3,
  kShort = 4,
  kLong = 5,
  kDouble = 6,
  kList = 7,
  kClass = 8,
  kPassword = 9,
};
std::string_view name(Type type);  // "BOOLEAN", as messages and the reference page show it

// Whether a broker takes a new value while it runs, and for which scope. Topic, group and client-metrics options are
// all kClusterWide: they are dynamic by nature.
enum class Update : std::int8_t { kReadOnly, kPerBroker, kClusterWide };

// Rules whose shape is neither a range nor a set.
enum class Shape : std::int8_t {
  kAny,
  kThrottledReplicas,  // "*", "none", or partition:broker pairs
  kOffsetReset,        // latest, earliest or by_duration:<ISO 8601>
};

// What is valid. Everything left out is allowed.
struct Valid {
  std::optional<double> min = {};
  std::optional<double> max = {};
  std::optional<double> or_value = {};  // one value outside [min, max], e.g. gzip's level -1
  std::string_view one_of = {};         // "a, b, c"; each element of a list has to be one of them
  bool ignore_case = false;
  bool non_empty = false;
  Shape shape = Shape::kAny;
};

inline constexpr const char* kNull = nullptr;

using Value = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;

// Puts a valid value into the field of BrokerConfig that a row is bound to; kInvalidConfig when the value has a syntax
// of its own and breaks it. Made by `into` (broker_fields.h).
struct BrokerConfig;
using Setter = Result<> (*)(BrokerConfig& config, const Value& value);
inline constexpr Setter kNoField = nullptr;

struct Option {
  std::string_view name;
  Type type;
  const char* default_value;  // kNull: there is none
  Valid valid;
  Update update;
  std::string_view doc;
  Setter set = kNoField;  // none: accepted and described, read by nobody
  bool internal = false;  // accepted, never described

  bool sensitive() const { return type == Type::kPassword; }
};

// Names with values as text, sorted by name: what a file, a topic or a broker sets.
using Properties = std::map<std::string, std::string, std::less<>>;

// The value, or kInvalidConfig with Kafka's words, e.g. "Invalid value -5 for configuration retention.ms: Value must be
// at least -1". Surrounding space is not part of a value.
Result<Value> parse(const Option& option, std::string_view text);
// How a value is shown: numbers in decimal, lists joined by commas. parse() of it gives the same value.
std::string to_string(const Value& value);
// The canonical text of a valid value (" 007 " is "7"); the text itself when it is not valid.
std::string canonical(const Option& option, std::string_view text);
// The elements of a list option: split at commas, without surrounding space.
std::vector<std::string> split_list(std::string_view text);

// All options of one kind of resource, sorted by name.
class Table {
 public:
  explicit Table(std::span<const std::span<const Option>> areas);

  const Option* find(std::string_view name) const;
  // The known name with the smallest edit distance, if any is near enough to be what was meant.
  std::optional<std::string> nearest(std::string_view name) const;
  // Sorted by name.
  const std::vector<const Option*>& options() const { return options_; }

 private:
  std::vector<const Option*> options_;
};

const Table& topic_options();
const Table& broker_options();
const Table& group_options();
const Table& client_metrics_options();

// The names of broker options that give a topic option its default, most specific first: segment.ms has log.roll.ms and
// log.roll.hours. Empty if there are none.
std::span<const std::string_view> broker_synonyms(std::string_view topic_option);
// The options that say the same as this broker option in another unit, itself included, in order of precedence.
std::vector<std::string_view> unit_synonyms(std::string_view broker_option);

}  // namespace thalweg::config
