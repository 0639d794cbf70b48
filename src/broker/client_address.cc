#include "broker/client_address.h"

#include <arpa/inet.h>

#include <array>

namespace thalweg::broker {

SharedBytes address_to_bytes(const std::string& host) {
  std::array<std::byte, 16> bytes{};
  const std::string without_zone = host.substr(0, host.find('%'));
  if (inet_pton(AF_INET6, without_zone.c_str(), bytes.data()) == 1) return SharedBytes::copy_of(BytesView(bytes));
  bytes.fill(std::byte{0});
  (void)inet_pton(AF_INET, without_zone.c_str(), bytes.data());
  return SharedBytes::copy_of(BytesView(bytes).first(4));
}

Result<std::string> address_from_bytes(BytesView bytes) {
  if (bytes.size() != 4 && bytes.size() != 16)
    return fail(ErrorCode::kInvalidRequest, "a client's address of " + std::to_string(bytes.size()) + " bytes");
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  CHECK(inet_ntop(family, bytes.data(), text.data(), text.size()));
  return std::string(text.data());
}

}  // namespace thalweg::broker
