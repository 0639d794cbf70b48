#include "protocol/printer.h"

#include <fmt/format.h>

namespace thalweg::protocol {

void Printer::begin(std::string_view name) {
  text_ += name;
  text_ += '{';
  first_ = true;
}

void Printer::start_field(std::string_view name) {
  if (!std::exchange(first_, false)) text_ += ", ";
  text_ += name;
  text_ += '=';
}

void Printer::print(std::int64_t value) { text_ += std::to_string(value); }
void Printer::print(double value) { text_ += fmt::format("{}", value); }
void Printer::print(Uuid value) { text_ += to_string(value); }
void Printer::print(ErrorCode value) { text_ += name(value); }
void Printer::print_size(std::size_t size) { text_ += fmt::format("<{} bytes>", size); }

}  // namespace thalweg::protocol
