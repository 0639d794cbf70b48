// JSON as it lies in a record, read where it is asked for and no further: no tree, no memory, no copy. A value is known
// by where it begins; its end is looked for only when something behind it is wanted, 64 bytes at a time.
//
// What is jumped over is not checked: brackets are counted, strings are told from the rest. So text that is no JSON may
// lead somewhere, and where it leads is a part of the text. Never reads beyond the text, and takes time in proportion
// to what is read. Of a key that stands twice the first counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thalweg::filter {

namespace detail {
std::string_view skip_space(std::string_view text);
}
// The first byte of the value, without the space before it; empty: there is none.
inline std::string_view skip_space(std::string_view text) {
  // Machines write none.
  return text.empty() || text.front() > ' ' ? text : detail::skip_space(text);
}

// The end of the value that `text` begins with, as a count of bytes; nothing when the text ends inside it, or begins
// with none.
std::optional<std::size_t> value_size(std::string_view text);

// The string that `text` begins with, quotes and escapes and all; nothing when it has no end.
std::optional<std::string_view> quoted(std::string_view text);
// Whether a quoted string says `what`.
bool says(std::string_view quoted, std::string_view what);
// What a quoted string says. Escapes that are none stay as they are; a surrogate without its other half is U+FFFD.
bool has_escapes(std::string_view quoted);
std::string unescaped(std::string_view quoted);

// A member of an object.
struct JsonMember {
  std::string_view value;     // what it begins with; it goes on after the value. Empty: there is none of that name
  std::size_t looked_at = 0;  // bytes of the object
  std::uint32_t steps = 0;    // members that were passed, and it, or the end
  std::size_t object = 0;     // of the whole object, where that was seen by the way
};
// Gives up after so many steps, and then says one more. REQUIRES: text begins with '{'
JsonMember find_member(std::string_view text, std::string_view name, std::uint32_t steps_max);

// Walks an object's members or an array's elements.
class JsonWalk {
 public:
  // REQUIRES: text begins with '{' or '['
  explicit JsonWalk(std::string_view text) : text_(text), is_object_(text.front() == '{'), rest_(text.substr(1)) {}

  // Goes to the next one. False: there is none, or what comes is not JSON.
  bool next();
  // So long is the value: it need not be found out again.
  void value_is_of(std::size_t size) { known_size_ = size; }
  // Of an object.
  std::string_view quoted_key() const { return key_; }
  // What the value begins with; it goes on after the value.
  std::string_view value() const { return value_; }
  // Bytes that were passed.
  std::size_t passed() const { return text_.size() - rest_.size(); }

 private:
  const std::string_view text_;
  const bool is_object_;
  std::string_view rest_, key_, value_;
  bool begun_ = false;
  std::size_t known_size_ = 0;  // of the value; 0: not known
};

}  // namespace thalweg::filter
