# Clang 19 or newer only: GCC 12 miscompiles natural spellings of co_await by silent memory corruption.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang" OR CMAKE_CXX_COMPILER_VERSION VERSION_LESS 19)
  message(FATAL_ERROR "Thalweg needs Clang 19 or newer (found ${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}). "
                      "GCC 12 corrupts memory in coroutines. Use ./dev build, or cmake --preset release.")
endif()
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -fno-omit-frame-pointer
                    -fcolor-diagnostics -fPIC)
# x86-64-v2 (2009) carries SSE4.2; nothing newer is assumed.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  add_compile_options(-march=x86-64-v2)
endif()
add_link_options(-fuse-ld=lld)

set(THALWEG_SANITIZE "" CACHE STRING "address | thread: instrument everything")
if(THALWEG_SANITIZE STREQUAL "address")
  # Coverage counters for libFuzzer too, so that unit tests and fuzz targets share one tree.
  add_compile_options(-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
elseif(THALWEG_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(NOT THALWEG_SANITIZE)
  # Functions that nobody calls go, each by itself, and those that are equal, of which templates make many, become one; but
  # not those whose addresses are compared. Addresses in tables that the loader moves take a bit each instead of 24 bytes.
  add_compile_options($<$<CONFIG:Release>:-ffunction-sections> $<$<CONFIG:Release>:-fdata-sections>)
  add_link_options(-Wl,--gc-sections -Wl,--icf=safe -Wl,-z,pack-relative-relocs)
else()
  message(FATAL_ERROR "THALWEG_SANITIZE is address or thread, not '${THALWEG_SANITIZE}'")
endif()

# How what no record passes through is compiled; empty: like the rest. A Release makes it small. Where a sanitizer looks,
# compiling takes longer than running: what is not optimised is ready in less than half the time.
set(THALWEG_FOR_COLD "")
if(THALWEG_SANITIZE)
  set(THALWEG_FOR_COLD -O0)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  set(THALWEG_FOR_COLD -Oz)
endif()

# How a test's own sources are compiled where a sanitizer looks.
set(THALWEG_FOR_TESTS "")
if(THALWEG_SANITIZE)
  # No fuzz target links them, so nobody reads what they count of their coverage.
  set(THALWEG_FOR_TESTS -O0 -fno-sanitize=fuzzer-no-link)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
