// Dead letters as the API shows them: the record that died, and why. Pure: for Workers.
#pragma once

#include <vector>

#include "console/letter_census.h"
#include "console/record_view.h"

namespace thalweg::console {

// A record's headers, as letters reads them; they refer to the record. Those before one that does not parse.
std::vector<letters::HeaderBytes> letter_headers(const record::RecordView& record);
LetterCensus::Place letter_place(std::int32_t partition, const record::RecordView& record);

// `sent_before` is left to the caller, who knows what is remembered.
std::vector<Letter> as_letters(const UnpackedRecords& found, const RecordView& view, const SchemasById& schemas);

}  // namespace thalweg::console
