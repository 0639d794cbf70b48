# The layer diagram is not a document that drifts: an include that is not a declared edge does not compile
# ("broker/broker.h: No such file"), and a cycle fails at configure time.
set_property(GLOBAL PROPERTY GLOBAL_DEPENDS_NO_CYCLES TRUE)

# see_modules(TARGET MODULE ...): TARGET's own sources find the headers of these modules, and of no other.
function(see_modules target)
  foreach(module ${ARGN})
    if(NOT IS_DIRECTORY ${PROJECT_SOURCE_DIR}/src/${module})
      message(FATAL_ERROR "${target}: there is no folder src/${module}")
    endif()
    set(root ${PROJECT_BINARY_DIR}/include/${module})
    if(NOT EXISTS ${root}/${module})
      file(MAKE_DIRECTORY ${root})
      file(CREATE_LINK ${PROJECT_SOURCE_DIR}/src/${module} ${root}/${module} SYMBOLIC)
    endif()
    target_include_directories(${target} PRIVATE ${root})
    get_property(generated GLOBAL PROPERTY THALWEG_GENERATED_${module})
    if(generated)
      target_include_directories(${target} PRIVATE ${generated})
    endif()
  endforeach()
endfunction()

# use_modules(TARGET MODULE ...): for programs and tests, which wire: they see these modules and what their headers see.
function(use_modules target)
  target_link_libraries(${target} PRIVATE ${ARGN})
  set(seen ${ARGN})
  foreach(module ${ARGN})
    get_property(edges GLOBAL PROPERTY THALWEG_EDGES_${module})
    list(APPEND seen ${edges})
  endforeach()
  list(REMOVE_DUPLICATES seen)
  see_modules(${target} ${seen})
endfunction()

# compile_together(TARGET): several sources become one translation unit, so that the headers and the templates that they
# share are compiled once: a build from nothing takes two thirds of the time. Names in unnamed namespaces are therefore
# unique within a module. The `dev` preset compiles each source alone, and so finds an include that is missing.
set(THALWEG_TOGETHER 0 CACHE STRING "Sources of a module that are compiled as one; 0: each alone")
function(compile_together target)
  # Not `protocol`, whose generated files hold many messages each, and not `base`, of which the client library takes only
  # what it needs, object by object.
  if(THALWEG_TOGETHER GREATER 1 AND NOT target STREQUAL "protocol" AND NOT target STREQUAL "base")
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${THALWEG_TOGETHER})
  endif()
endfunction()

# module(storage DEPENDS base record config runtime LINKS PkgConfig::zstd)
#
# DEPENDS are all the modules that its sources see, also through the headers of others: edges are not inherited. Each
# module has an include root that holds one link to its folder, and sources write #include "storage/log.h". Test,
# benchmark and fuzz sources lie beside the code and are found by suffix: x_test.cc -> ${name}_test, x_fuzz.cc -> one
# program each in the asan build. GENERATED is a folder with headers that are made at build time. COLD: none of it lies on
# the way of a record, so Release compiles it for size.
function(module name)
  cmake_parse_arguments(PARSE_ARGV 1 M "COLD" "GENERATED" "DEPENDS;LINKS;SOURCES;TEST_DEPENDS;TEST_LINKS")
  set_property(GLOBAL PROPERTY THALWEG_EDGES_${name} ${M_DEPENDS})
  set_property(GLOBAL PROPERTY THALWEG_GENERATED_${name} ${M_GENERATED})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cc)
  set(kind std)
  if("runtime" IN_LIST M_DEPENDS OR name STREQUAL "runtime")
    set(kind asio)
  endif()
  set(production ${sources})
  list(FILTER production EXCLUDE REGEX "_(test|bench|fuzz)\\.cc$")
  if(production OR M_SOURCES)
    add_library(${name} STATIC ${production} ${M_SOURCES})
    see_modules(${name} ${name} ${M_DEPENDS})
    target_link_libraries(${name} PUBLIC ${M_DEPENDS} ${M_LINKS})
    if(M_COLD)
      # Not -Os: with that it could not share the precompiled headers of the others.
      target_compile_options(${name} PRIVATE
        "$<$<CONFIG:Release>:SHELL:-mllvm -inline-threshold=30 -fno-unroll-loops -fno-vectorize -fno-slp-vectorize>")
    endif()
    compile_together(${name})
    precompile(${name} ${kind})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${M_DEPENDS} ${M_LINKS})
  endif()

  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  if(tests)
    add_executable(${name}_test ${tests})
    use_modules(${name}_test ${name} ${M_TEST_DEPENDS})
    target_link_libraries(${name}_test PRIVATE ${M_TEST_LINKS} GTest::gtest_main GTest::gmock)
    compile_together(${name}_test)
    precompile(${name}_test ${kind}_test)
    target_compile_definitions(${name}_test PRIVATE TESTDATA="${PROJECT_SOURCE_DIR}/src/${name}/testdata")
    add_test(NAME ${name} COMMAND ${name}_test)
    set_property(GLOBAL APPEND PROPERTY THALWEG_TEST_PROGRAMS ${name}_test)
  endif()

  if(THALWEG_SANITIZE STREQUAL "address")
    set(fuzzers ${sources})
    list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
    foreach(file ${fuzzers})
      get_filename_component(target ${file} NAME_WE)
      add_executable(${name}_${target} ${file})
      use_modules(${name}_${target} ${name} ${M_TEST_DEPENDS})
      target_link_libraries(${name}_${target} PRIVATE ${M_TEST_LINKS} -fsanitize=fuzzer)
      set_property(GLOBAL APPEND PROPERTY THALWEG_TEST_PROGRAMS ${name}_${target})
    endforeach()
  endif()
endfunction()
