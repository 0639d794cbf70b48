// JSON as it is written by a reader, up to a length: who writes stops as soon as it is full.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace thalweg::decode {

class JsonSink {
 public:
  explicit JsonSink(std::size_t max) : max_(max) {}

  void raw(std::string_view text) { text_ += text; }
  // In quotes. Of a long one only what there is room for.
  void string(std::string_view text);
  // Finite ones as numbers in the shortest form that reads back as the same; others in quotes: "NaN", "-Infinity".
  template <class T>
  void real(T value);
  // Before each element or member but the first of what was opened last.
  void comma() {
    if (!text_.ends_with('[') && !text_.ends_with('{')) text_ += ',';
  }
  void name(std::string_view text) {
    comma();
    string(text);
    text_ += ':';
  }

  bool full() const { return text_.size() > max_; }
  // The text, cut to the length between two characters.
  std::string take();

 private:
  const std::size_t max_;
  std::string text_;
};

// `text` up to `max` bytes, ending between two characters. REQUIRES: is_utf8(text)
std::string_view cut_between_characters(std::string_view text, std::size_t max);

}  // namespace thalweg::decode
