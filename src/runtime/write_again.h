// What a file holds, written over itself: after a sync that failed the kernel may show what is not on disk, take it for
// written, and have nothing to sync any more.
#pragma once

#include "runtime/disk.h"

namespace thalweg {

// The same bytes in the same place and the same length, so that the next sync() writes them. In slices.
Task<Result<>> write_again(FilePtr file);

}  // namespace thalweg
