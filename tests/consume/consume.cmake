# SPDX-License-Identifier: Apache-2.0
# cmake -DHOW=find_package|add_subdirectory -DSOURCE=... -DBUILD=... -DCOMPILER=... -P consume.cmake
# Builds the consumer as a stranger would and runs its programs.

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

set(work ${BUILD}/consume/${HOW})
file(REMOVE_RECURSE ${work})
if(HOW STREQUAL find_package)
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${work}/installed)
endif()
run(${CMAKE_COMMAND} -G Ninja -S ${SOURCE}/tests/consume/${HOW} -B ${work}/build
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_COMPILER=${COMPILER}
    -DCMAKE_PREFIX_PATH=${work}/installed -DOFFERKIT_SOURCE_DIR=${SOURCE})
run(${CMAKE_COMMAND} --build ${work}/build)
run(${work}/build/header_only)
if(HOW STREQUAL find_package)
  run(${work}/build/compile_once)
endif()
