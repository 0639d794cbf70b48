// Whether a reader's schema can read what a writer's has written, after the rules of schema resolution.
// Source: SchemaCompatibility of Avro for Java, whose types, paths and verdicts these are.
#pragma once

#include "schema/avro/model.h"
#include "schema/difference.h"

namespace thalweg::schema::avro {

Comparison compare(const Graph& reader, const Graph& writer, const Sides& sides);

}  // namespace thalweg::schema::avro
