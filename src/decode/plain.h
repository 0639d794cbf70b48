// Formats that need no schema.
#pragma once

#include <expected>

#include "base/bytes.h"
#include "decode/decoded.h"

namespace thalweg::decode {

using Reading = std::expected<Decoded, Flaw>;

// JSON beyond this many bytes is shown by its beginning and not checked: a tree of it would take many times as much.
inline constexpr std::size_t kJsonCheckedMax = 256u << 10;

// What begins as an object, an array or a text in quotes of JSON, and is one as far as it is checked.
Reading read_json(BytesView bytes, std::size_t text_max);
// UTF-8 without control characters but tabs and ends of lines: what people call text.
bool is_plain_text(BytesView bytes);
// As text whatever it is: a byte that is no UTF-8 is shown as \xNN, and the flaw says where the first one is.
Decoded read_text(BytesView bytes, std::size_t text_max);
// Big-endian. A flaw where the size is another.
Reading read_number(Format format, BytesView bytes);
// 8-4-4-4-12 hexadecimal digits. A flaw unless there are 16 bytes.
Reading read_uuid(BytesView bytes);
// Two digits a byte.
Decoded read_hex(BytesView bytes, std::size_t text_max);

}  // namespace thalweg::decode
