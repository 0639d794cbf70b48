# The Rust crate under src/raft/core as a static library, and module(raft) on top of it.
#
# cargo and rustc 1.85 or newer: Debian 12 packages cargo-web and rustc-web (or a rustup in PATH), and protobuf-compiler. The crates
# that core/Cargo.lock.in names by version and checksum are fetched when a folder is configured; builds need no network.
find_program(CARGO cargo)
if(NOT CARGO)
  message(FATAL_ERROR "The metadata quorum needs cargo 1.85 or newer: apt-get install cargo-web rustc-web protobuf-compiler")
endif()

set(RAFT_CORE ${PROJECT_SOURCE_DIR}/src/raft/core)
# One folder for all presets: the crate has no build variants, so it compiles once.
set(THALWEG_CARGO_DIR ${PROJECT_SOURCE_DIR}/build/cargo CACHE PATH "where cargo keeps what it built")

# The lock file in our form leaves out where crates come from; cargo itself says what its default source is called.
execute_process(
  COMMAND ${CARGO} metadata --no-deps --offline --format-version 1 --manifest-path ${RAFT_CORE}/Cargo.toml
  OUTPUT_VARIABLE metadata ERROR_VARIABLE metadata_error RESULT_VARIABLE metadata_failed)
if(metadata_failed)
  message(FATAL_ERROR "cargo cannot read ${RAFT_CORE}/Cargo.toml (is it older than 1.85?)\n${metadata_error}")
endif()
string(JSON CRATES_SOURCE GET "${metadata}" packages 0 dependencies 0 source)
configure_file(${RAFT_CORE}/Cargo.lock.in ${RAFT_CORE}/Cargo.lock @ONLY)
execute_process(COMMAND ${CMAKE_COMMAND} -DCARGO=${CARGO} -DCRATE=${RAFT_CORE} -P ${PROJECT_SOURCE_DIR}/src/raft/fetch_crates.cmake
                RESULT_VARIABLE not_fetched)
if(not_fetched)
  message(FATAL_ERROR "see above")
endif()

file(GLOB_RECURSE raft_core_sources CONFIGURE_DEPENDS ${RAFT_CORE}/src/*.rs ${RAFT_CORE}/shim/*.rs)
set(raft_core_library ${THALWEG_CARGO_DIR}/release/librsraft.a)
add_custom_command(
  OUTPUT ${raft_core_library}
  COMMAND ${CMAKE_COMMAND} -DCARGO=${CARGO} -DCRATE=${RAFT_CORE} -DTARGET_DIR=${THALWEG_CARGO_DIR} -DLIBRARY=${raft_core_library}
          -P ${PROJECT_SOURCE_DIR}/src/raft/build_core.cmake
  DEPENDS ${raft_core_sources} ${RAFT_CORE}/Cargo.toml ${RAFT_CORE}/Cargo.lock.in ${PROJECT_SOURCE_DIR}/src/raft/build_core.cmake
  COMMENT "cargo: raft core (about a minute the first time)"
  VERBATIM)
add_custom_target(rsraft_build DEPENDS ${raft_core_library})
add_library(rsraft STATIC IMPORTED)
set_target_properties(rsraft PROPERTIES IMPORTED_LOCATION ${raft_core_library}
                      INTERFACE_INCLUDE_DIRECTORIES ${RAFT_CORE}/include)
target_link_libraries(rsraft INTERFACE Threads::Threads dl m)
add_dependencies(rsraft rsraft_build)

module(raft DEPENDS base metrics runtime LINKS rsraft TEST_DEPENDS platform sim)
