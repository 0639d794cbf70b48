// The text of a schema. It may have a megabyte and is handed on a dozen times while a request is looked at, so copies
// share it: copying takes no time, and neither does comparing two copies of one.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace thalweg::registry {

class Text {
 public:
  Text() = default;
  Text(std::string text) : text_(std::make_shared<const std::string>(std::move(text))) {}
  Text(const char* text) : Text(std::string(text)) {}

  const std::string& str() const {
    static const std::string kEmpty;
    return text_ ? *text_ : kEmpty;
  }
  operator const std::string&() const { return str(); }
  std::size_t size() const { return str().size(); }
  bool empty() const { return str().empty(); }

  friend bool operator==(const Text& a, const Text& b) { return a.text_ == b.text_ || a.str() == b.str(); }
  friend bool operator==(const Text& a, const std::string& b) { return a.str() == b; }
  friend bool operator==(const Text& a, const char* b) { return a.str() == b; }

 private:
  std::shared_ptr<const std::string> text_;
};

}  // namespace thalweg::registry
