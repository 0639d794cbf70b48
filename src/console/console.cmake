# module(console), whose API types are generated from schemas/ at build time; and the files of web/ as a library of their
# own, which only the server links.
set(console_generator ${CMAKE_CURRENT_LIST_DIR}/generator)
set(console_generated ${PROJECT_BINARY_DIR}/console_generated)
file(GLOB console_schemas CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/schemas/*.api)
file(GLOB console_generator_sources CONFIGURE_DEPENDS ${console_generator}/*.py)
add_custom_command(
  OUTPUT ${console_generated}/console/api_types.h ${console_generated}/console/api_types.cc
  COMMAND ${Python3_EXECUTABLE} -B ${console_generator}/generate.py --cpp ${console_generated}
  DEPENDS ${console_schemas} ${console_generator_sources}
  COMMENT "Generating the console's API"
  VERBATIM)
module(console COLD
       DEPENDS base metrics config json schema record protocol machine metadata controller group decode letters replication runtime storage
               raft network replicated replica coordinator broker http monitoring filter search
       GENERATED ${console_generated}
       SOURCES ${console_generated}/console/api_types.cc
       LINKS ZLIB::ZLIB
       TEST_DEPENDS platform sim registry schema_registry)
add_test(NAME console_generator COMMAND ${Python3_EXECUTABLE} -B ${console_generator}/test_generator.py)

# The pages. AUTO: with them where Node 18 and npm are there and its registry can be reached; else without, and says so.
set(THALWEG_CONSOLE AUTO CACHE STRING "Whether the console's pages are built: AUTO, ON, OFF")
set(console_web ${PROJECT_SOURCE_DIR}/web)
set(console_assets ${CMAKE_CURRENT_LIST_DIR}/no_assets.c)
if(NOT THALWEG_CONSOLE STREQUAL "OFF" AND EXISTS ${console_web}/build.mjs)
  file(GLOB_RECURSE console_pages CONFIGURE_DEPENDS ${console_web}/src/*)
  set(console_assets ${PROJECT_BINARY_DIR}/web/assets.c)
  add_custom_command(
    OUTPUT ${console_assets}
    COMMAND ${Python3_EXECUTABLE} -B ${console_generator}/build_pages.py --web ${console_web} --out ${PROJECT_BINARY_DIR}/web
            --without ${CMAKE_CURRENT_LIST_DIR}/no_assets.c --mode ${THALWEG_CONSOLE}
    DEPENDS ${console_pages} ${console_web}/build.mjs ${console_web}/package-lock.json ${console_generator}/build_pages.py
    COMMENT "Building the console's pages"
    VERBATIM)
elseif(THALWEG_CONSOLE STREQUAL "ON")
  message(FATAL_ERROR "THALWEG_CONSOLE=ON, and there is no web/build.mjs")
endif()
# In C, since #embed of bytes is an error in C++; without ccache, which does not look at what is embedded.
add_library(console_assets STATIC ${console_assets})
see_modules(console_assets console)
set_target_properties(console_assets PROPERTIES C_STANDARD 23 C_STANDARD_REQUIRED ON C_EXTENSIONS OFF C_COMPILER_LAUNCHER "")
