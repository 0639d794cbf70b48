// The messages of google/protobuf that records are made of, which no registry holds.
#pragma once

#include "schema/protobuf/protobuf_schema.h"

namespace thalweg::decode {

// Timestamp, Duration, Struct, the wrappers and their like. Made once.
const schema::protobuf::Files& well_known_protos();

}  // namespace thalweg::decode
