// Protobuf's wire format as JSON, by the .proto file it was written with. Source: "Encoding" and "ProtoJSON Format" of
// the language's guide, with three differences: integers of 64 bits are numbers, names of fields are those of the file,
// and well-known types are shown by their fields. Fields that the schema does not have are there by their numbers.
#pragma once

#include "decode/plain.h"
#include "schema/protobuf/protobuf_schema.h"

namespace thalweg::decode {

// `bytes` begin with the message's place in the file, as Confluent writes it: a count of indexes and those, or 0 for
// the first message. A flaw's place counts from there.
Reading read_protobuf(const schema::protobuf::Files& files, BytesView bytes, std::size_t text_max);

}  // namespace thalweg::decode
