// Makes bytes of a gzip file again: for the rare client that takes no gzip, and for the page, which is sent changed.
#pragma once

#include <string>

#include "base/bytes.h"

namespace thalweg::console {

// REQUIRES: the bytes are a whole gzip file of `size` bytes; the build made them
std::string inflated(BytesView gzip, std::size_t size);

// Whether a client takes gzip, by its Accept-Encoding.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace thalweg::console
