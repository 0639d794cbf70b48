// From a topic's options to the config of its logs.
#pragma once

#include "config/option.h"
#include "storage/log_config.h"

namespace thalweg::storage {

// `effective` has the value in force for every topic option (config::effective_topic_config). Values were validated
// when they were set; one that is missing or not valid leaves the default.
LogConfig log_config(const config::Properties& effective);

}  // namespace thalweg::storage
