// The whole of the DSL: streams, tables, and what can be done with them.
#pragma once

#include "thalweg/streams/builder.h"
#include "thalweg/streams/foreign_joins.h"
#include "thalweg/streams/grouped.h"
#include "thalweg/streams/joins.h"
#include "thalweg/streams/kstream.h"
#include "thalweg/streams/ktable.h"
#include "thalweg/streams/suppress.h"
#include "thalweg/streams/windowed.h"
