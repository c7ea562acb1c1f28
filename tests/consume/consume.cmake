# SPDX-License-Identifier: Apache-2.0
# cmake -DHOW=find_package|pkg_config|add_subdirectory|fetch_content -DSOURCE=... -DBUILD=...
#       -DCOMPILER=... -P consume.cmake
# Builds the consumer as a stranger would, without optimising, and runs its programs. What is
# installed is moved before it is used: nothing in it may name the place that it was made for.

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(work ${BUILD}/consume/${HOW})
set(consumer ${SOURCE}/tests/consume)
file(REMOVE_RECURSE ${work})
if(HOW MATCHES "^(find_package|pkg_config)$")
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${work}/first)
  file(RENAME ${work}/first ${work}/installed)
endif()
if(HOW STREQUAL pkg_config)
  file(GLOB_RECURSE found ${work}/installed/*/offerkit.pc)
  cmake_path(GET found PARENT_PATH folder)
  set(ENV{PKG_CONFIG_PATH} ${folder})
  run(${consumer}/pkg_config/build.sh ${COMPILER} ${consumer} ${work}/build)
else()
  run(${CMAKE_COMMAND} -G Ninja -S ${consumer}/${HOW} -B ${work}/build
      -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DCMAKE_CXX_COMPILER=${COMPILER}
      -DCMAKE_PREFIX_PATH=${work}/installed -DOFFERKIT_SOURCE_DIR=${SOURCE})
  run(${CMAKE_COMMAND} --build ${work}/build)
endif()
foreach(program header_only compile_once own_once simulated)
  if(EXISTS ${work}/build/${program})
    run(${work}/build/${program})
    list(APPEND ran ${program})
  endif()
endforeach()
set(expected_of_find_package header_only compile_once simulated)
set(expected_of_pkg_config header_only compile_once own_once)
set(expected_of_add_subdirectory header_only)
set(expected_of_fetch_content header_only)
if(NOT ran STREQUAL "${expected_of_${HOW}}")
  message(FATAL_ERROR "ran ${ran}, want ${expected_of_${HOW}}")
endif()
