# Headers of others are parsed once: of the five seconds that a source took, three went into the standard library, fmt,
# Asio and GoogleTest. Our own headers are in none of these, so an include that is missing is still an error where it counts.
#
# precompile(TARGET std | asio | std_test | asio_test | std_cold | asio_cold): TARGET's sources begin with
# cmake/precompiled/NAME.h; those that end in _cold are the same headers, for what is compiled for size.
#
# ccache knows such a header by the file NAME.sum beside it, which holds a hash of all its text: what is compiled in one
# folder serves in every other. Hence the hand-made rule instead of target_precompile_headers, whose paths differ by folder.
option(THALWEG_PRECOMPILE "Parse the headers of others once" ON)

# precompiled_header(NAME [FROM OTHER] [OPTIONS option ...] [LINKS library ...])
function(precompiled_header name)
  cmake_parse_arguments(PARSE_ARGV 1 P "" "FROM" "OPTIONS;LINKS")
  set(file ${name}.h)
  if(P_FROM)
    set(file ${P_FROM}.h)
  endif()
  set(source ${PROJECT_SOURCE_DIR}/cmake/precompiled/${file})
  add_library(precompiled_${name} OBJECT ${source})
  target_link_libraries(precompiled_${name} PRIVATE fmt::fmt ${P_LINKS})
  target_compile_options(precompiled_${name} PRIVATE ${P_OPTIONS})
  set_source_files_properties(${source} PROPERTIES LANGUAGE CXX)
  target_compile_options(precompiled_${name} PRIVATE "SHELL:-x c++-header" "SHELL:-Xclang -fno-pch-timestamp")
  # Only for a target of this kind do others wait before they compile.
  add_custom_target(${name}_is_precompiled)
  add_dependencies(${name}_is_precompiled precompiled_${name})
  # It holds paths of this folder, and must not come from another one.
  set_target_properties(precompiled_${name} PROPERTIES CXX_COMPILER_LAUNCHER "")
  execute_process(
    COMMAND ${CMAKE_CXX_COMPILER} -std=c++23 -E -P -x c++-header ${source}
    OUTPUT_VARIABLE text ERROR_QUIET RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "cmake/precompiled/${file} cannot be preprocessed")
  endif()
  string(SHA256 hash "${text}")
  set(compiled ${CMAKE_BINARY_DIR}/CMakeFiles/precompiled_${name}.dir/cmake/precompiled/${file}.o)
  set_property(GLOBAL PROPERTY THALWEG_PRECOMPILED_${name} ${compiled})
  file(GENERATE OUTPUT ${compiled}.sum CONTENT "${hash} ${CMAKE_CXX_COMPILER_VERSION} ${P_OPTIONS}\n")
endfunction()

function(precompile target name)
  if(NOT THALWEG_PRECOMPILE)
    return()
  endif()
  get_property(header GLOBAL PROPERTY THALWEG_PRECOMPILED_${name})
  target_compile_options(${target} PRIVATE "SHELL:-include-pch ${header}")
  get_target_property(sources ${target} SOURCES)
  set_property(SOURCE ${sources} APPEND PROPERTY OBJECT_DEPENDS ${header})
  # Sources that are compiled together lose that property; the header is in what the compiler says it has read.
  add_dependencies(${target} ${name}_is_precompiled)
endfunction()

if(THALWEG_PRECOMPILE)
  precompiled_header(std)
  precompiled_header(asio LINKS boost_headers)
  precompiled_header(std_test OPTIONS ${THALWEG_FOR_TESTS} LINKS GTest::gtest GTest::gmock)
  precompiled_header(asio_test OPTIONS ${THALWEG_FOR_TESTS} LINKS boost_headers GTest::gtest GTest::gmock)
  if(THALWEG_FOR_COLD)
    precompiled_header(std_cold FROM std OPTIONS ${THALWEG_FOR_COLD})
    precompiled_header(asio_cold FROM asio OPTIONS ${THALWEG_FOR_COLD} LINKS boost_headers)
  endif()
endif()
