# module(protocol), whose sources are mostly generated from schemas/ at build time.
set(protocol_generator ${CMAKE_CURRENT_LIST_DIR}/generator)
set(protocol_generated ${PROJECT_BINARY_DIR}/generated)
file(GLOB_RECURSE protocol_schemas CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/schemas/*.msg)
file(GLOB protocol_generator_sources CONFIGURE_DEPENDS ${protocol_generator}/*.py)
# The list of outputs depends on what the schemas define, so it is asked for at configure time.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${protocol_schemas} ${protocol_generator_sources})
set(protocol_generate ${Python3_EXECUTABLE} -B ${protocol_generator}/generate.py
    --schemas ${CMAKE_CURRENT_LIST_DIR}/schemas --out ${protocol_generated})
execute_process(COMMAND ${protocol_generate} --list OUTPUT_VARIABLE protocol_outputs COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE "\n" ";" protocol_outputs "${protocol_outputs}")
list(REMOVE_ITEM protocol_outputs "")
add_custom_command(
  OUTPUT ${protocol_outputs}
  COMMAND ${protocol_generate}
  DEPENDS ${protocol_schemas} ${protocol_generator_sources}
  COMMENT "Generating protocol messages"
  VERBATIM)

set(protocol_sources ${protocol_outputs})
list(FILTER protocol_sources EXCLUDE REGEX "/testing/")
# The generator's HOT are the messages that are read and written for speed; of the rest a process sees a few each second.
module(protocol COLD_BUT messages_hot.cc reader.cc writer.cc codec.cc error_tally.cc
       DEPENDS base GENERATED ${protocol_generated} SOURCES ${protocol_sources} TEST_LINKS protocol_testing)

# Fills every field of every message: for round trips, fuzz seeds and vectors. Linked by tests only.
set(protocol_test_sources ${protocol_outputs})
list(FILTER protocol_test_sources INCLUDE REGEX "/testing/")
add_library(protocol_testing STATIC EXCLUDE_FROM_ALL ${protocol_test_sources})
use_modules(protocol_testing protocol)
# Long, straight and run once: to optimize it costs more than it ever gives.
target_compile_options(protocol_testing PRIVATE -O0)

# Skipped unless THALWEG_KAFKA_MESSAGES says where Kafka's own definitions are.
add_test(NAME protocol_reference COMMAND ${Python3_EXECUTABLE} -B ${protocol_generator}/test_reference.py)
set_tests_properties(protocol_reference PROPERTIES SKIP_RETURN_CODE 77)
add_test(NAME protocol_generator COMMAND ${Python3_EXECUTABLE} -B ${protocol_generator}/test_generator.py)
