# One line per module with all its direct edges.

# formats and machines: below the purity line, nothing here links runtime
module(base LINKS fmt::fmt PkgConfig::isal)
module(config DEPENDS base)
module(record DEPENDS base LINKS PkgConfig::isal PkgConfig::zstd PkgConfig::lz4 snappy ZLIB::ZLIB)
include(${PROJECT_SOURCE_DIR}/src/protocol/protocol.cmake)  # module(protocol), with generated sources
module(machine DEPENDS base)
module(metadata DEPENDS protocol config)
module(controller DEPENDS metadata machine)
module(group DEPENDS protocol config machine)

# seams
module(runtime DEPENDS base LINKS boost_headers Threads::Threads TEST_DEPENDS sim)
module(platform DEPENDS runtime LINKS boost_headers)
module(sim DEPENDS runtime)

# logs and service
module(storage DEPENDS record config runtime TEST_DEPENDS platform sim)
include(${PROJECT_SOURCE_DIR}/src/raft/raft.cmake)  # module(raft), with the Rust core
module(network DEPENDS protocol runtime TEST_DEPENDS platform sim)
module(replicated DEPENDS machine runtime TEST_DEPENDS platform sim)
module(replica DEPENDS storage metadata network TEST_DEPENDS platform sim)
module(coordinator DEPENDS base machine record runtime storage replica replicated TEST_DEPENDS platform sim)
module(admin DEPENDS network metadata record TEST_DEPENDS platform sim)

# products
module(broker DEPENDS coordinator replica replicated controller group raft TEST_DEPENDS platform sim)
module(cli DEPENDS admin config record TEST_DEPENDS platform)
target_compile_definitions(cli PRIVATE THALWEG_VERSION="${PROJECT_VERSION}")

add_subdirectory(apps/thalweg)
# Left out where only the server is built, as in the container image.
foreach(dir tests/sim tests/bench tests/system)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${dir}/CMakeLists.txt)
    add_subdirectory(${dir})
  endif()
endforeach()

# What has threads, or runs on several shards; the rest is single-threaded by construction.
add_custom_target(tsan_tests)
foreach(module runtime platform network replicated replica broker)
  add_dependencies(tsan_tests ${module}_test)
endforeach()
