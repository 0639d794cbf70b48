// A produced batch in the codec that its topic asks for. That can be a second of work, so what is large is packed in
// slices, between which the shard serves others, and before the append, which is plain code and never suspends.
#pragma once

#include <optional>

#include "record/batch.h"
#include "runtime/turn.h"
#include "storage/log_config.h"
#include "storage/log_validator.h"

namespace thalweg::storage {

// compression.type; nothing is "producer".
std::optional<record::Codec> wanted_codec(const LogConfig& config);
// compression.*.level of that codec.
std::optional<int> wanted_level(const LogConfig& config);

// Whether Log::append_as_leader() would have to pack so much that the shard should not do it in one go. Not what will
// be refused as it is.
bool is_long_to_pack(const LogConfig& config, BytesView records, const Walked& walked);

// The batch in that codec; what `walked` says is true of it, too. One at a time by `turn`, since a codec may be made to
// hold much. kMessageTooLarge, and errors of record::BodyWalk. REQUIRES: is_long_to_pack()
Task<Result<SharedBytes>> repack_in_slices(LogConfig config, SharedBytes records, Walked walked, Turn& turn);

}  // namespace thalweg::storage
