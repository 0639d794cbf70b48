# One line per module with every module that its sources may see; see layers.cmake.

# formats and machines: below the purity line, nothing here links runtime
module(base LINKS fmt::fmt PkgConfig::isal)
module(metrics DEPENDS base)
module(config COLD DEPENDS base)
module(record DEPENDS base LINKS PkgConfig::isal PkgConfig::zstd PkgConfig::lz4 snappy ZLIB::ZLIB)
include(${PROJECT_SOURCE_DIR}/src/protocol/protocol.cmake)  # module(protocol), with generated sources
module(json DEPENDS base)
module(schema DEPENDS base json LINKS PkgConfig::pcre2)
module(filter DEPENDS base record LINKS re2_library)
module(letters COLD DEPENDS base)
module(machine DEPENDS base)
module(registry COLD DEPENDS base json schema machine)
module(metadata DEPENDS base config protocol)
module(controller COLD DEPENDS base config protocol metadata machine)
module(group DEPENDS base protocol machine)
module(transaction COLD DEPENDS base protocol machine LINKS re2_library TEST_DEPENDS group)
module(decode DEPENDS base json schema protocol machine group)
module(replication DEPENDS base config record protocol metadata TEST_DEPENDS machine controller group)

# seams
module(runtime DEPENDS base metrics LINKS boost_headers Threads::Threads TEST_DEPENDS sim)
module(platform DEPENDS base metrics runtime LINKS boost_headers)
module(sim DEPENDS base metrics runtime)

# logs and service
module(storage DEPENDS base metrics config record runtime TEST_DEPENDS platform sim)
include(${PROJECT_SOURCE_DIR}/src/raft/raft.cmake)  # module(raft), with the Rust core
module(network DEPENDS base metrics protocol runtime TEST_DEPENDS platform sim)
module(http COLD DEPENDS base metrics json runtime network LINKS boost_headers TEST_DEPENDS platform sim)
module(replicated DEPENDS base metrics machine runtime TEST_DEPENDS platform sim)
module(replica DEPENDS base metrics config record protocol metadata replication runtime storage network
       TEST_DEPENDS platform sim machine controller)
module(coordinator DEPENDS base metrics config record protocol machine metadata replication runtime storage network
       replicated replica TEST_DEPENDS platform sim)
module(search DEPENDS base metrics config schema record protocol metadata decode replication runtime storage network
       replica filter TEST_DEPENDS platform sim)
module(admin COLD DEPENDS base metrics record protocol runtime network TEST_DEPENDS platform sim)

# products
# What a record passes through, or a request that clients send all the time; the rest of the broker sees a few each second.
set(broker_warm api/00_produce.cc api/01_fetch.cc api/02_list_offsets.cc api/03_metadata.cc api/08_offset_commit.cc
    api/12_heartbeat.cc broker_session.cc broker_shard.cc client_address.cc context.cc fetch_session.cc fetch_wait.cc
    group_coordinator.cc group_shard.cc memory_shares.cc peer_channels.cc record_checks.cc replication.cc resting_session.cc
    topics.cc api/24_add_partitions_to_txn.cc api/26_end_txn.cc transaction_coordinator.cc transaction_markers.cc
    transaction_shard.cc)
module(broker COLD_BUT ${broker_warm}
       DEPENDS base metrics config record protocol machine metadata controller group transaction replication runtime storage
       raft network replicated replica coordinator TEST_DEPENDS platform sim json schema registry)
module(monitoring COLD DEPENDS base metrics config json record protocol machine metadata controller group replication runtime
       storage raft network replicated replica coordinator broker http TEST_DEPENDS platform sim)
module(schema_registry COLD DEPENDS base metrics config json schema record protocol machine metadata controller group registry
       replication runtime storage raft network replicated replica coordinator broker http TEST_DEPENDS platform sim)
target_compile_definitions(schema_registry PRIVATE THALWEG_VERSION="${PROJECT_VERSION}")
include(${PROJECT_SOURCE_DIR}/src/console/console.cmake)  # module(console), with generated sources, and its pages
module(cli COLD DEPENDS base metrics config json schema record filter letters protocol decode runtime network http admin TEST_DEPENDS platform)
target_compile_definitions(cli PRIVATE THALWEG_VERSION="${PROJECT_VERSION}")

# The C++ toolkit for applications, on librdkafka: nothing of the server links it, and without its libraries it is left out.
include(client)

add_subdirectory(apps/thalweg)
# Left out where only the server is built, as in the container image.
foreach(dir tests/sim tests/bench tests/system)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${dir}/CMakeLists.txt)
    add_subdirectory(${dir})
  endif()
endforeach()

if(TARGET Thalweg::client_static AND EXISTS ${PROJECT_SOURCE_DIR}/examples/CMakeLists.txt)
  add_subdirectory(${PROJECT_SOURCE_DIR}/examples ${PROJECT_BINARY_DIR}/examples EXCLUDE_FROM_ALL)
endif()

# What people and tests start: everything but the unit tests.
add_custom_target(programs)
foreach(program thalweg simulate crash_client load client_workload client_idle protobuf_client client_bench client_package examples
        verdict_bench standing_disk streams_app streams_package)
  if(TARGET ${program})
    add_dependencies(programs ${program})
  endif()
endforeach()

# Unit tests and fuzzers, see layers.cmake.
add_custom_target(tests)
get_property(test_programs GLOBAL PROPERTY THALWEG_TEST_PROGRAMS)
add_dependencies(tests ${test_programs})

# What has threads, or runs on several shards; the rest is single-threaded by construction.
# Not `client`: librdkafka starts its threads as C11 does, which ThreadSanitizer does not see, and dies of.
add_custom_target(tsan_tests)
foreach(module runtime platform network replicated replica broker)
  if(TARGET ${module}_test)
    add_dependencies(tsan_tests ${module}_test)
  endif()
endforeach()
