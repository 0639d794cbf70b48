// What is left to be looked at of a queue of dead letters: from which offset of each partition, and up to which. The
// ends are those of the beginning, so that letters that come back meanwhile are not sent round and round.
//
// As text it lies with who goes on: two cursors, of the next letters and of the ends, with "~" between them. It comes
// back from a stranger, so it is read like any input; it grants nothing.
#pragma once

#include "console/record_cursor.h"

namespace thalweg::console {

struct LetterStretch {
  RecordCursor from{.topic_id = {}, .direction = ReadDirection::kOldestFirst, .offsets = {}};
  RecordCursor to{.topic_id = {}, .direction = ReadDirection::kNewestFirst, .offsets = {}};

  std::string text() const { return from.text() + "~" + to.text(); }
  // Nothing when it is none: both have the same topic and partitions, of which there are some.
  static std::optional<LetterStretch> of(std::string_view text);
};

}  // namespace thalweg::console
