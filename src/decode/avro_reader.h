// Avro's binary form as JSON, by the schema it was written with. Source: the Avro specification 1.12, "Binary
// Encoding". Values of unions stand without the name of their branch; bytes and fixed as Avro's JSON has them, a
// character for each byte; logical types as what carries them.
#pragma once

#include "decode/plain.h"
#include "schema/avro/model.h"

namespace thalweg::decode {

// A flaw where the bytes are no value of `root`, or go on behind it; its place counts from their beginning.
Reading read_avro(const schema::avro::Node& root, BytesView bytes, std::size_t text_max);

}  // namespace thalweg::decode
