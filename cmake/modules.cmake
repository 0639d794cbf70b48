# One line per module with all its direct edges; a folder that does not exist yet is skipped.
# formats and machines: below the purity line, nothing here links runtime
module(base LINKS fmt::fmt PkgConfig::isal)
module(metrics DEPENDS base)
module(config DEPENDS base)
module(record DEPENDS base LINKS PkgConfig::isal PkgConfig::zstd PkgConfig::lz4 snappy ZLIB::ZLIB)
include(${PROJECT_SOURCE_DIR}/src/protocol/protocol.cmake OPTIONAL)  # module(protocol), with generated sources
module(security DEPENDS base LINKS OpenSSL::Crypto)
module(metadata DEPENDS protocol security config)
module(controller DEPENDS metadata)
module(group DEPENDS protocol config)

# seams
module(runtime DEPENDS base metrics LINKS boost_headers Threads::Threads TEST_DEPENDS sim)
module(platform DEPENDS runtime security LINKS boost_headers)
module(sim DEPENDS runtime)

# logs and service
module(storage DEPENDS record config runtime TEST_DEPENDS platform sim)
include(${PROJECT_SOURCE_DIR}/src/raft/raft.cmake OPTIONAL)  # module(raft), with the Rust core
module(network DEPENDS protocol security runtime TEST_DEPENDS platform sim)
module(replicated DEPENDS runtime TEST_DEPENDS platform sim)
module(replica DEPENDS storage metadata network TEST_DEPENDS platform sim)
module(http DEPENDS runtime)
module(admin DEPENDS network metadata record TEST_DEPENDS platform sim)

# products
module(broker DEPENDS replica replicated controller group raft http TEST_DEPENDS platform sim)
module(cli DEPENDS admin record TEST_DEPENDS platform)

if(EXISTS ${PROJECT_SOURCE_DIR}/apps/thalweg/CMakeLists.txt)
  add_subdirectory(apps/thalweg)
endif()
foreach(dir tests/sim tests/bench tests/system tests/interop)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${dir}/CMakeLists.txt)
    add_subdirectory(${dir})
  endif()
endforeach()

# What has threads, or runs on several shards; the rest is single-threaded by construction.
add_custom_target(tsan_tests)
foreach(module runtime platform network replicated replica broker)
  if(TARGET ${module}_test)
    add_dependencies(tsan_tests ${module}_test)
  endif()
endforeach()
