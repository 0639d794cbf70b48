// All of stream processing: the DSL, the Processor API, stores, and the driver for tests.
#pragma once

#include "thalweg/streams/dsl.h"
#include "thalweg/streams/test_driver.h"
