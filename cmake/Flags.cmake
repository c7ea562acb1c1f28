# SPDX-License-Identifier: Apache-2.0
# How our own code is compiled. `offerkit_defaults(TARGET)` is called once for each of our targets;
# what a consumer must share with us is on `offerkit_headers` instead (Floors.cmake).

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release or RelWithDebInfo" FORCE)
  endif()
  # -O2 is what was measured; -O3 buys nothing here and costs compile time. Assertions of ours are
  # OFFERKIT_ASSERT, on in every build.
  set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "" FORCE)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
  set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  # A unit waits for the headers that are generated, not for the libraries below its own.
  set(CMAKE_OPTIMIZE_DEPENDENCIES ON)
  find_program(OFFERKIT_MOLD mold)
  if(OFFERKIT_MOLD)
    add_link_options(-fuse-ld=mold)
  endif()
endif()

if(OFFERKIT_SANITIZE)
  # Chosen for the whole build: a sanitizer that sees half of a program reports nonsense.
  add_compile_options(-fsanitize=${OFFERKIT_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${OFFERKIT_SANITIZE})
  if(OFFERKIT_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    add_compile_options(-Wno-tsan)  # Asio's fences, which it does not model, are not our finding.
  endif()
endif()

# For a build whose archives go into the Python extension too. Calls between our own functions need
# not reckon with being replaced at load time, so programs lose nothing.
set(OFFERKIT_PIC -fPIC -fno-semantic-interposition)

function(offerkit_defaults target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic)
  if(OFFERKIT_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    target_compile_options(${target} PRIVATE -Wno-mismatched-new-delete)  # Asio's allocator.
    # Below a gigabyte, looking for garbage costs a fifth of the time and finds little.
    target_compile_options(${target} PRIVATE --param=ggc-min-heapsize=524288)
    if(NOT (CMAKE_BUILD_TYPE STREQUAL Debug AND CMAKE_CXX_FLAGS_DEBUG MATCHES "-O0"))
      # g++ 12's optimiser guesses flows wrongly, in variants that were moved from and in
      # `string + literal` (GCC 105329). clang and the sanitizers look for the same mistakes.
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized -Wno-restrict
        -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread)
    endif()
  endif()
endfunction()
if(OFFERKIT_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL Clang)
    message(FATAL_ERROR "OFFERKIT_FUZZ needs clang++-19: g++ has no libFuzzer")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
