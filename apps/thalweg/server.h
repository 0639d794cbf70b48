#pragma once

#include <string>
#include <vector>

namespace thalweg {

// `thalweg server [server.properties] [--override key=value]... [--env]`; runs until SIGTERM or SIGINT. Answers the
// exit code.
int run_server(const std::vector<std::string>& arguments);

}  // namespace thalweg
