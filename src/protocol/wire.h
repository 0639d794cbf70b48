// Kafka's primitive types as bytes: Reader takes a received frame apart, Writer builds one.
//
// Two forms exist for strings, bytes, arrays and null: the rigid one (fixed-width lengths) and the flexible one
// (compact lengths, tagged fields). Generated code knows from the version which one applies and passes it as
// `flexible`. Both are plain values, used by one coroutine at a time.
#pragma once

#include "protocol/reader.h"
#include "protocol/writer.h"
