# SPDX-License-Identifier: Apache-2.0
# What a record says of the build that wrote it: a checksum over the sources of floors 0 to 5, which
# decide what a machine does and how it is written down. All programs built from them share it.
#
#   cmake -DROOT=... -DOUT=FILE.cpp -P BuildId.cmake    writes the file that says it
if(CMAKE_SCRIPT_MODE_FILE)
  set(sums "")
  foreach(folder core resources model allocation protocol master agent framework executor wire record)
    file(GLOB_RECURSE sources RELATIVE ${ROOT} ${ROOT}/include/offerkit/${folder}/*)
    list(SORT sources)
    foreach(source IN LISTS sources)
      file(SHA256 ${ROOT}/${source} sum)
      string(APPEND sums "${source} ${sum}\n")
    endforeach()
  endforeach()
  string(SHA256 id "${sums}")
  string(SUBSTRING ${id} 0 12 id)
  file(CONFIGURE OUTPUT ${OUT} CONTENT "// Written by cmake/BuildId.cmake.
#include <offerkit/record/build_id.hpp>

const char* offerkit::record::detail::sources_id() { return \"${id}\"; }
")
  return()
endif()

function(offerkit_build_id target)
  set(out ${CMAKE_CURRENT_BINARY_DIR}/generated/build_id.cpp)
  set(sources "")
  foreach(folder IN LISTS OFFERKIT_HEADER_FLOORS ITEMS wire record)
    file(GLOB_RECURSE more CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/offerkit/${folder}/*)
    list(APPEND sources ${more})
  endforeach()
  add_custom_command(OUTPUT ${out} DEPENDS ${sources} ${PROJECT_SOURCE_DIR}/cmake/BuildId.cmake
    COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} -DOUT=${out}
            -P ${PROJECT_SOURCE_DIR}/cmake/BuildId.cmake
    COMMENT "Naming this build by its sources")
  # In a target of its own, so that writing it waits for no library.
  add_custom_target(${target}_build_id DEPENDS ${out})
  add_dependencies(${target} ${target}_build_id)
  target_sources(${target} PRIVATE ${out})
  set_source_files_properties(${out} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
