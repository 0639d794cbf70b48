// Whose request it is that goes to the controller.
#pragma once

#include <string>

namespace thalweg::broker {

// A client's, or (as it stands) this broker's own.
struct ForwardedFrom {
  std::string principal = "User:ANONYMOUS";
  std::string client_host;  // as text; empty where there is none
  std::string client_id;
};

}  // namespace thalweg::broker
