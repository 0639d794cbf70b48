# Runs cargo and says what to do when it fails. Sanitizer builds use the same library: flags of the C++ side stay out of it.
foreach(variable CFLAGS CXXFLAGS LDFLAGS RUSTFLAGS)
  unset(ENV{${variable}})
endforeach()
set(ENV{CARGO_TARGET_DIR} ${TARGET_DIR})
execute_process(COMMAND ${CARGO} build --release --locked --manifest-path ${CRATE}/Cargo.toml RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "The raft core did not build. It needs cargo 1.85 or newer and protoc (Debian 12: apt-get install cargo-web "
                      "rustc-web protobuf-compiler); its crates were fetched when this folder was configured.")
endif()
# cargo leaves a library alone that is up to date; ninja wants it newer than what it was made from.
file(TOUCH ${LIBRARY})
