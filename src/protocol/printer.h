// Prints messages for logs: FetchRequest{max_wait_ms=500, topics=[FetchTopic{topic=orders, ...}]}.
// Contents of bytes fields (records, tokens, hashes) are never shown, only their size, and values of configurations not
// at all: they may be passwords.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "protocol/wire.h"

namespace thalweg::protocol {

class Printer {
 public:
  void begin(std::string_view name);
  void end() { text_ += '}'; }
  template <class T>
  void field(std::string_view name, const T& value) {
    start_field(name);
    print(value);
  }
  // A value that may be a password.
  void hidden(std::string_view name) {
    start_field(name);
    text_ += "[hidden]";
  }
  std::string take() { return std::move(text_); }

 private:
  void start_field(std::string_view name);
  void print(std::int64_t value);
  void print(bool value) { text_ += value ? "true" : "false"; }
  void print(double value);
  void print(const std::string& value) { text_ += value; }
  void print(Uuid value);
  void print(ErrorCode value);
  void print(const SharedBytes& value) { print_size(value.size()); }
  void print(const Pieces& value) { print_size(size_of(value)); }
  void print_size(std::size_t size);

  template <class T>
  void print(const std::optional<T>& value) {
    if (value)
      print(*value);
    else
      text_ += "null";
  }
  template <class T>
  void print(const std::vector<T>& values) {
    text_ += '[';
    for (bool first = true; const auto& value : values) {
      if (!std::exchange(first, false)) text_ += ", ";
      print(value);
    }
    text_ += ']';
  }
  template <class T>
  void print(const T& value) {
    if constexpr (is_strong<T>)
      print(static_cast<std::int64_t>(value.value));
    else if constexpr (std::is_integral_v<T>)
      print(static_cast<std::int64_t>(value));
    else
      value.print(*this);
  }

  std::string text_;
  bool first_ = true;
};

template <class T>
std::string print_message(const T& message) {
  Printer printer;
  message.print(printer);
  return printer.take();
}

}  // namespace thalweg::protocol
