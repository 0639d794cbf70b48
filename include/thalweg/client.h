// All of the toolkit: producers, consumers, stream processors, serdes, the registry's client, metrics and health.
#pragma once

#include "thalweg/client/health.h"
#include "thalweg/client/processor.h"
#include "thalweg/client/protobuf.h"
#include "thalweg/client/registry.h"
