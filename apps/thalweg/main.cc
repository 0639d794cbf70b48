// Under its own name: thalweg COMMAND. Under the name of one of Kafka's tools, with or without .sh: that tool.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "os_terminal.h"
#include "run_tool.h"
#include "server.h"

namespace {

std::string program_name(std::string_view path) {
  if (const auto slash = path.rfind('/'); slash != std::string_view::npos) path.remove_prefix(slash + 1);
  if (path.ends_with(".sh")) path.remove_suffix(3);
  return std::string(path);
}

}  // namespace

int main(int argc, char** argv) {
  thalweg::hold_standard_streams();
  const std::string name = program_name(argv[0]);
  std::vector<std::string> arguments(argv + 1, argv + argc);
  if (const auto tool = thalweg::cli::find_tool(name)) thalweg::run_tool(tool, name, std::move(arguments));
  if (name == "kafka-server-start") return thalweg::run_server(arguments);
  if (!arguments.empty() && arguments.front() == "server") {
    arguments.erase(arguments.begin());
    return thalweg::run_server(arguments);
  }
  thalweg::run_tool(thalweg::cli::run_thalweg, "thalweg", std::move(arguments));
}
