# cmake -DCARGO=cargo -DCRATE=src/raft/core -P fetch_crates.cmake
#
# Brings the crates of the consensus core here, before anything long is built. When that fails, says what stands in the
# way in words of its own, since cargo's are those of the library below it.
execute_process(COMMAND ${CARGO} fetch --locked --manifest-path ${CRATE}/Cargo.toml
                RESULT_VARIABLE failed ERROR_VARIABLE said OUTPUT_QUIET)
if(NOT failed)
  return()
endif()

if(said MATCHES "[Cc]ertificate|SSL|TLS")
  set(problem "The certificate of the registry, or of a proxy that opens the connection, is not trusted here.")
  set(remedy "Install ca-certificates; behind such a proxy, name its root certificate:  export CARGO_HTTP_CAINFO=/path/to/root.pem")
elseif(said MATCHES "[Pp]roxy|407")
  set(problem "The proxy refused or could not be reached: HTTPS_PROXY is '$ENV{HTTPS_PROXY}$ENV{https_proxy}'.")
  set(remedy "Set it to http://user:password@host:port, or clear it where there is no proxy.")
elseif(said MATCHES "resolve host|resolve proxy|failed to connect|Failed to connect|Could not connect|timed out|Timeout|unreachable")
  set(problem "The registry of crates cannot be reached: there is no network, or it needs a proxy or a mirror.")
  set(remedy "A proxy:  export HTTPS_PROXY=http://host:port     A mirror: a [source] replacement in ~/.cargo/config.toml")
elseif(said MATCHES "checksum|404|403|no matching package|failed to download|spurious network")
  set(problem "The registry or mirror that cargo is configured for does not have these crates as they are locked.")
  set(remedy "Check the [source] replacement in ~/.cargo/config.toml; the checksums in src/raft/core/Cargo.lock.in must hold.")
else()
  set(problem "cargo fetch failed for a reason of its own; it is below.")
  set(remedy "Once it works, nothing else is downloaded.")
endif()
message(FATAL_ERROR "The crates of the metadata quorum could not be fetched.\n${problem}\n${remedy}\nThen run the same command "
                    "again: what is there already is kept. cargo says:\n${said}")
