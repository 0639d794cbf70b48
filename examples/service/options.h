// A command line of --name VALUE (or --name=VALUE) and switches. Mistakes end the program with 2 and say what to do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace examples {

struct Option {
  std::string name;        // "--rate"
  std::string value_name;  // "N"; empty: a switch
  std::string what;        // for --help
  std::string value = {};  // the default
};

class Options {
 public:
  // `about` and `examples` are shown by --help as they are.
  Options(std::string about, std::string examples, std::vector<Option> options);
  void parse(int argc, char** argv);

  const std::string& text(std::string_view name) const;
  bool is_set(std::string_view name) const { return !text(name).empty(); }
  // Ends the program unless it is a whole number between them.
  long number(std::string_view name, long least, long most) const;
  [[noreturn]] void mistake(const std::string& what) const;

 private:
  [[noreturn]] void help() const;
  Option* find(std::string_view name);

  std::string program_, about_, examples_;
  std::vector<Option> options_;
};

}  // namespace examples
