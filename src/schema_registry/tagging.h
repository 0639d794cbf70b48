// Tags in schemas, which are changed and looked for in their texts: beside the shards where they are large. What the
// machine gets is a schema like any other.
#pragma once

#include "schema_registry/call.h"

namespace thalweg::schema_registry {

// Does to the text what the input says of tags; its version is then kept as a property, as Confluent's registry does.
// kInvalidSchema: there is nothing of that path.
Task<registry::Answer<>> apply_tags(RegistryService& registry, Call call, registry::SchemaInput& input);

// What the version becomes with what is asked. kInvalidRules: both new rules and changes of the old ones.
registry::Answer<registry::SchemaInput> tagged_input(const registry::SchemaObject& stored,
                                                     const registry::TagRequest& request);

// The answer with its tags, as far as the query asks for them: findTags, which may be there several times, "*" for all.
Task<Outcome> with_tags_found(RegistryService& registry, Call call, registry::SchemaObject schema);
Task<Outcome> with_tags_found(RegistryService& registry, Call call, registry::SchemaById schema);

}  // namespace thalweg::schema_registry
