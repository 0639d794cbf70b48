// A client's address as an Envelope carries it: 4 bytes of IPv4 or 16 of IPv6, in network order.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace thalweg::broker {

// 0.0.0.0 for what is no address (a name, nothing). The zone of a link-local IPv6 address means nothing elsewhere and
// is left out.
SharedBytes address_to_bytes(const std::string& host);
// kInvalidRequest for any other number of bytes.
Result<std::string> address_from_bytes(BytesView bytes);

}  // namespace thalweg::broker
