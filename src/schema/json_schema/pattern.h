// A regular expression that a stranger wrote, matched within bounds: PCRE2 counts its steps and gives up, so that none
// can explode. Used for names of properties alone, to see which patternProperties they belong to.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace thalweg::schema::json_schema {

class Pattern {
 public:
  explicit Pattern(std::string_view text);
  // What cannot be compiled matches nothing.
  bool is_valid() const { return code_ != nullptr; }
  // Whether it matches anywhere in `name`; no, if finding out takes too many steps.
  bool finds(std::string_view name) const;

 private:
  std::shared_ptr<void> code_;
};

}  // namespace thalweg::schema::json_schema
