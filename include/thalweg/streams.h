// All of stream processing: the DSL, the Processor API, stores, the application, the driver for tests, and described
// types as JSON.
#pragma once

#include "thalweg/client/json.h"
#include "thalweg/streams/app.h"
#include "thalweg/streams/dsl.h"
#include "thalweg/streams/test_driver.h"
