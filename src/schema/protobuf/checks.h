// What a message or an enum must not say of itself: numbers and names twice, what is reserved. Asked of new schemas.
#pragma once

#include <optional>
#include <string>

#include "schema/protobuf/model.h"

namespace thalweg::schema::protobuf {

// In words, or nothing. What is in it is checked by itself.
std::optional<std::string> flaw_of(const Message& message);
std::optional<std::string> flaw_of(const Enum& enumeration, bool proto3);

}  // namespace thalweg::schema::protobuf
