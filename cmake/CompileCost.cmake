# SPDX-License-Identifier: Apache-2.0
# Most of what a unit costs is reading the same vocabulary again. Two remedies, each an option. They
# change no meaning, since every header is also compiled alone (HeaderTests.cmake).
#
#   OFFERKIT_PCH    one precompiled header, made once and shared by all of our targets (g++)
#   OFFERKIT_UNITY  several .cpp files of a target as one unit: half the work of a clean build, more
#                   for each edit, so the `dev` preset turns it off
option(OFFERKIT_PCH "Precompile the vocabulary that most units include" ${PROJECT_IS_TOP_LEVEL})
option(OFFERKIT_UNITY "Compile several files as one unit" ${PROJECT_IS_TOP_LEVEL})

# clang wants all definitions equal where a precompiled header is shared; ours differ by target.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  set(OFFERKIT_PCH OFF)
endif()

set(OFFERKIT_VOCABULARY
  <algorithm> <array> <chrono> <cstddef> <cstdint> <functional> <map> <memory> <optional> <set>
  <span> <string> <string_view> <utility> <variant> <vector>
  <offerkit/agent/effect.hpp> <offerkit/agent/event.hpp>
  <offerkit/executor/effect.hpp> <offerkit/executor/event.hpp>
  <offerkit/framework/effect.hpp> <offerkit/framework/event.hpp>
  <offerkit/master/effect.hpp> <offerkit/master/event.hpp>)

# offerkit_precompiled(TARGET HEADER...): a library that only holds the vocabulary and these, in
# compile-once mode like all that share it.
function(offerkit_precompiled target)
  if(OFFERKIT_PCH)
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/generated/${target}.cpp
         CONTENT "// Holds a precompiled header.\n")
    add_library(${target} STATIC ${CMAKE_CURRENT_BINARY_DIR}/generated/${target}.cpp)
    offerkit_defaults(${target})
    target_compile_definitions(${target} PRIVATE OFFERKIT_SEPARATE_COMPILATION)
    target_link_libraries(${target} PRIVATE offerkit_headers)
    target_precompile_headers(${target} PRIVATE ${OFFERKIT_VOCABULARY} ${ARGN})
  endif()
endfunction()

# offerkit_compile_cheaply(TARGET FILES [PCH]): up to FILES files in one unit (1: each alone), with
# the precompiled header of PCH, or of offerkit_pch. What several units instantiate is paid for in
# each, so units are as large as two processors can share: none over a fifth of the build.
function(offerkit_compile_cheaply target files)
  set(pch offerkit_pch)
  if(ARGN)
    set(pch ${ARGN})
  endif()
  if(OFFERKIT_PCH)
    target_precompile_headers(${target} REUSE_FROM ${pch})
  endif()
  if(OFFERKIT_UNITY AND files GREATER 1)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${files})
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      # It takes the .cpp files of a unit for headers that others include too.
      target_compile_options(${target} PRIVATE -Wno-subobject-linkage)
    endif()
  endif()
endfunction()

# offerkit_unit(TARGET NAME FOLDER PATTERN...): these files of FOLDER as one unit, because they
# instantiate the same templates. After offerkit_compile_cheaply; what is in no unit stays alone.
function(offerkit_unit target name folder)
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/${folder}/)
  file(GLOB sources CONFIGURE_DEPENDS ${ARGN})
  set_target_properties(${target} PROPERTIES UNITY_BUILD_MODE GROUP)
  set_source_files_properties(${sources} PROPERTIES UNITY_GROUP ${target}_${name})
endfunction()
