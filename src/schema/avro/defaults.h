// Whether a field's default is a value of its type.
#pragma once

#include "base/result.h"
#include "schema/avro/model.h"
#include "schema/limits.h"

namespace thalweg::schema::avro {

// kInvalidRequest when it is not, or when finding out takes more than `work`.
// REQUIRES: the field has a default
Result<> check_default(const Field& field, const Node& record, Work& work);

}  // namespace thalweg::schema::avro
