// What the example programs take from their command line: `--name value` and `--name=value`, and --help. A mistake ends
// the program with code 2 and says what to do.
#pragma once

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace example {

class Arguments {
 public:
  // `help` is all of --help; `known` are the names that exist, without dashes.
  Arguments(int argc, char** argv, std::string_view help, const std::vector<std::string>& known) {
    for (int i = 1; i < argc; ++i) {
      std::string name = argv[i];
      if (name == "--help" || name == "-h") std::exit((std::fwrite(help.data(), 1, help.size(), stdout), 0));
      std::string value;
      if (const auto equals = name.find('='); equals != std::string::npos) {
        value = name.substr(equals + 1);
        name.resize(equals);
      } else if (i + 1 < argc) {
        value = argv[++i];
      } else {
        wrong(name + " needs a value");
      }
      bool is_known = false;
      for (const auto& one : known) is_known |= name == "--" + one;
      if (!is_known) wrong("there is no option " + name);
      values_[name.substr(2)] = value;
    }
  }

  std::string text(const std::string& name, std::string otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second;
  }
  // REQUIRES: least <= otherwise <= most
  long number(const std::string& name, long otherwise, long least, long most) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return otherwise;
    const std::string& text = found->second;
    long value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
      wrong("--" + name + " is a whole number from " + std::to_string(least) + " to " + std::to_string(most) +
            ", not '" + text + "'");
    return value;
  }
  [[noreturn]] static void wrong(const std::string& what) {
    std::fprintf(stderr, "%s; --help shows what there is\n", what.c_str());
    std::exit(2);
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace example
