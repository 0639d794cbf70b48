# The C++ toolkit: three modules, their public headers in include/, and what is installed of them. Its libraries are looked for
# here and nowhere else, so that the server builds where they are missing.
pkg_check_modules(rdkafka QUIET IMPORTED_TARGET rdkafka)
find_package(CURL QUIET)
find_package(nlohmann_json QUIET)
if(NOT TARGET PkgConfig::rdkafka OR NOT TARGET CURL::libcurl OR NOT TARGET nlohmann_json::nlohmann_json)
  message(STATUS "the C++ toolkit is left out: it needs librdkafka-dev, libcurl4-openssl-dev and nlohmann-json3-dev")
  return()
endif()

add_library(client_headers INTERFACE)
target_include_directories(client_headers INTERFACE ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(client_headers INTERFACE nlohmann_json::nlohmann_json)

module(payload LINKS client_headers)
module(dispatch DEPENDS base)
module(client DEPENDS base payload dispatch LINKS client_headers PkgConfig::rdkafka CURL::libcurl Threads::Threads)

# Stream processing on the toolkit: `dataflow` are its machines, `streams` runs them on librdkafka and RocksDB.
module(dataflow DEPENDS base payload LINKS client_headers)
pkg_check_modules(rocksdb QUIET IMPORTED_TARGET rocksdb)
if(TARGET PkgConfig::rocksdb)
  module(streams DEPENDS base payload dispatch client dataflow LINKS client_headers PkgConfig::rdkafka PkgConfig::rocksdb Threads::Threads)
endif()

# Classes of protoc, for the tests of protobuf.h and the program that talks to foreign Protobuf serializers. Without
# libprotobuf-dev and protobuf-compiler both are left out: the toolkit itself needs neither.
find_program(PROTOC protoc)
pkg_check_modules(protobuf QUIET IMPORTED_TARGET protobuf)
if(PROTOC AND TARGET PkgConfig::protobuf)
  set(protos ${PROJECT_SOURCE_DIR}/src/client/testdata)
  set(made ${PROJECT_BINARY_DIR}/client_protos)
  set(made_sources)
  file(MAKE_DIRECTORY ${made})
  foreach(name shop money/price money/currency old_form)
    list(APPEND made_sources ${made}/${name}.pb.cc)
    add_custom_command(OUTPUT ${made}/${name}.pb.cc ${made}/${name}.pb.h
                       COMMAND ${PROTOC} --proto_path=${protos} --cpp_out=${made} ${name}.proto DEPENDS ${protos}/${name}.proto VERBATIM)
  endforeach()
  add_library(client_protos STATIC EXCLUDE_FROM_ALL ${made_sources})
  target_include_directories(client_protos SYSTEM PUBLIC ${made})
  target_link_libraries(client_protos PUBLIC PkgConfig::protobuf)
  target_compile_options(client_protos PRIVATE -w)
  if(TARGET client_test)
    target_link_libraries(client_test PRIVATE client_protos)
    target_compile_definitions(client_test PRIVATE THALWEG_PROTOBUF)
  endif()
endif()

# What is installed: one static and one shared library, headers, and what find_package and pkg-config need.
#   cmake --install build/release --component client --prefix /usr/local
if(THALWEG_SANITIZE)
  return()
endif()
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(parts $<TARGET_OBJECTS:client> $<TARGET_OBJECTS:payload> $<TARGET_OBJECTS:dispatch>)

add_library(thalweg_client_shared SHARED EXCLUDE_FROM_ALL ${parts})
# Only what a public header declares is seen: our modules are compiled hidden, and of `base` nothing is shown.
target_link_libraries(thalweg_client_shared PRIVATE base PkgConfig::rdkafka CURL::libcurl Threads::Threads -Wl,--exclude-libs,ALL)
set_target_properties(thalweg_client_shared PROPERTIES OUTPUT_NAME thalweg-client VERSION ${PROJECT_VERSION} SOVERSION 0 LINKER_LANGUAGE CXX)
add_library(thalweg_client_static STATIC EXCLUDE_FROM_ALL ${parts} $<TARGET_OBJECTS:base>)
set_target_properties(thalweg_client_static PROPERTIES OUTPUT_NAME thalweg-client LINKER_LANGUAGE CXX)
foreach(part client payload dispatch)
  target_compile_options(${part} PRIVATE -fvisibility=hidden -fvisibility-inlines-hidden)
endforeach()
add_custom_target(client_package DEPENDS thalweg_client_shared thalweg_client_static)
# By the package's own name, so that the examples are the same project here and outside.
target_link_libraries(thalweg_client_static INTERFACE client_headers PkgConfig::rdkafka CURL::libcurl Threads::Threads)
add_library(Thalweg::client_static ALIAS thalweg_client_static)

# EXCLUDE_FROM_ALL: only who asks for the component gets it, and an installation of the server does not need it built.
install(TARGETS thalweg_client_shared thalweg_client_static DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT client EXCLUDE_FROM_ALL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/thalweg DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT client EXCLUDE_FROM_ALL)
configure_package_config_file(${PROJECT_SOURCE_DIR}/packaging/cmake/ThalwegConfig.cmake.in ${PROJECT_BINARY_DIR}/ThalwegConfig.cmake
                              INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Thalweg PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ThalwegConfigVersion.cmake COMPATIBILITY SameMinorVersion)
file(RELATIVE_PATH PREFIX_FROM_PKGCONFIG /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(${PROJECT_SOURCE_DIR}/packaging/pkgconfig/thalweg-client.pc.in ${PROJECT_BINARY_DIR}/thalweg-client.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/ThalwegConfig.cmake ${PROJECT_BINARY_DIR}/ThalwegConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Thalweg COMPONENT client EXCLUDE_FROM_ALL)
install(FILES ${PROJECT_BINARY_DIR}/thalweg-client.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT client EXCLUDE_FROM_ALL)

# Stream processing in one library with the toolkit that it stands on: who links Thalweg::streams needs no Thalweg::client.
# Nothing of `dataflow` is hidden, since the DSL's templates, which are compiled into users' programs, call much of it.
if(NOT TARGET PkgConfig::rocksdb)
  return()
endif()
set(stream_parts ${parts} $<TARGET_OBJECTS:dataflow> $<TARGET_OBJECTS:streams>)
add_library(thalweg_streams_shared SHARED EXCLUDE_FROM_ALL ${stream_parts})
target_link_libraries(thalweg_streams_shared PRIVATE base PkgConfig::rdkafka PkgConfig::rocksdb CURL::libcurl Threads::Threads -Wl,--exclude-libs,ALL)
set_target_properties(thalweg_streams_shared PROPERTIES OUTPUT_NAME thalweg-streams VERSION ${PROJECT_VERSION} SOVERSION 0 LINKER_LANGUAGE CXX)
add_library(thalweg_streams_static STATIC EXCLUDE_FROM_ALL ${stream_parts} $<TARGET_OBJECTS:base>)
set_target_properties(thalweg_streams_static PROPERTIES OUTPUT_NAME thalweg-streams LINKER_LANGUAGE CXX)
target_link_libraries(thalweg_streams_static INTERFACE client_headers PkgConfig::rdkafka PkgConfig::rocksdb CURL::libcurl Threads::Threads)
add_library(Thalweg::streams_static ALIAS thalweg_streams_static)
target_compile_options(streams PRIVATE -fvisibility=hidden -fvisibility-inlines-hidden)
add_custom_target(streams_package DEPENDS thalweg_streams_shared thalweg_streams_static)
install(TARGETS thalweg_streams_shared thalweg_streams_static DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT streams EXCLUDE_FROM_ALL)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/thalweg DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT streams EXCLUDE_FROM_ALL)
configure_file(${PROJECT_SOURCE_DIR}/packaging/pkgconfig/thalweg-streams.pc.in ${PROJECT_BINARY_DIR}/thalweg-streams.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/ThalwegConfig.cmake ${PROJECT_BINARY_DIR}/ThalwegConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Thalweg COMPONENT streams EXCLUDE_FROM_ALL)
install(FILES ${PROJECT_BINARY_DIR}/thalweg-streams.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT streams EXCLUDE_FROM_ALL)
