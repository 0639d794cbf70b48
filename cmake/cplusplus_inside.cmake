# The server has its C++ libraries in it, RE2, Snappy, fmt and libstdc++, where this system has them to link. A loader looks
# up a name for each class and each template of theirs, which was a millisecond of a start of eight. The libraries in C stay
# the system's: they cost 40 µs each, and are the ones whose mends one wants without a build.
#
# All of them or none: one that is left outside brings another libstdc++ with it. None in a build with sanitizers.
set(cplusplus_archives)
set(cplusplus_missing)
foreach(archive libre2.a libsnappy.a)
  unset(found)
  find_library(found NAMES ${archive} NO_CACHE)
  if(found)
    list(APPEND cplusplus_archives ${found})
  else()
    list(APPEND cplusplus_missing "there is no ${archive}")
  endif()
endforeach()
# fmt has no archive in Debian, but its functions in a header; another release of it may want another list of templates.
get_target_property(fmt_headers fmt::fmt INTERFACE_INCLUDE_DIRECTORIES)
try_compile(CPLUSPLUS_INSIDE_LINKS ${PROJECT_BINARY_DIR}/cplusplus_inside
            SOURCES ${PROJECT_SOURCE_DIR}/apps/thalweg/fmt_inside.cc ${CMAKE_CURRENT_LIST_DIR}/cplusplus_inside_check.cc
            CMAKE_FLAGS "-DINCLUDE_DIRECTORIES=${fmt_headers}" LINK_OPTIONS -fuse-ld=lld -static-libstdc++ -static-libgcc
            CXX_STANDARD 23 OUTPUT_VARIABLE said)
if(NOT CPLUSPLUS_INSIDE_LINKS)
  file(WRITE ${PROJECT_BINARY_DIR}/cplusplus_inside.log "${said}")
  list(APPEND cplusplus_missing "fmt or libstdc++ cannot be linked in (${PROJECT_BINARY_DIR}/cplusplus_inside.log)")
endif()
list(JOIN cplusplus_missing "; " cplusplus_missing)

# Their licences go where the server goes. By the name of Debian's package; elsewhere whoever packages the server adds them.
function(install_cplusplus_licences)
  foreach(library libre2 libsnappy libfmt libstdc++)
    file(GLOB text /usr/share/doc/${library}-dev/copyright /usr/share/doc/${library}-[0-9]*-dev/copyright)
    if(text)
      list(GET text -1 text)
      install(FILES ${text} DESTINATION share/doc/thalweg/licences RENAME ${library})
    else()
      message(STATUS "the licence of ${library}, which is in the server, is not installed with it: no copyright file of ${library}-dev")
    endif()
  endforeach()
endfunction()

function(put_cplusplus_inside target)
  if(THALWEG_SANITIZE OR NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    return()
  endif()
  if(cplusplus_missing)
    message(STATUS "${target} needs shared C++ libraries, and starts a millisecond later: ${cplusplus_missing}")
    return()
  endif()
  target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/apps/thalweg/fmt_inside.cc)
  # In front of the shared libraries that the modules name: the linker takes what it met first, and drops who is not needed.
  target_link_options(${target} PRIVATE -Wl,--as-needed -static-libstdc++ -static-libgcc ${cplusplus_archives})
  install_cplusplus_licences()
endfunction()
