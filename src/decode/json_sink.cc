#include "decode/json_sink.h"

#include <fmt/format.h>

#include <cmath>

#include "json/writer.h"

namespace thalweg::decode {

std::string_view cut_between_characters(std::string_view text, std::size_t max) {
  if (text.size() <= max) return text;
  while (max > 0 && (static_cast<unsigned char>(text[max]) & 0xC0) == 0x80) --max;
  return text.substr(0, max);
}

void JsonSink::string(std::string_view text) {
  const std::size_t room = full() ? 0 : max_ - text_.size() + 1;
  // A character has four bytes at most, so that what is cut within one is beyond what take() leaves.
  json::append_string(text_, text.substr(0, room + 4));
}

template <class T>
void JsonSink::real(T value) {
  if (std::isnan(value))
    raw("\"NaN\"");
  else if (std::isinf(value))
    raw(value > 0 ? "\"Infinity\"" : "\"-Infinity\"");
  else
    text_ += fmt::format("{}", value);
}
template void JsonSink::real(float);
template void JsonSink::real(double);

std::string JsonSink::take() {
  if (full()) text_.resize(cut_between_characters(text_, max_).size());
  return std::move(text_);
}

}  // namespace thalweg::decode
