// What clients of coordinators are told. Source: CoordinatorOperationExceptionHelper.
#pragma once

#include "base/result.h"

namespace thalweg::coordinator {

// What went wrong with the log says nothing to a client that asked its coordinator; where to ask next does.
Error as_coordinator_error(Error error);

}  // namespace thalweg::coordinator
