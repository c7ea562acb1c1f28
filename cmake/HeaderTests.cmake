# SPDX-License-Identifier: Apache-2.0
# One test per folder of include/offerkit: each of its headers compiles alone (tests/tidy/headers.py).
# In compile-once mode, which skips the bodies; scripts/test does clang and header-only.

file(GLOB folders CONFIGURE_DEPENDS LIST_DIRECTORIES true
     RELATIVE ${PROJECT_SOURCE_DIR}/include/offerkit ${PROJECT_SOURCE_DIR}/include/offerkit/*)
foreach(folder IN LISTS folders ITEMS top)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/offerkit/${folder}/*.hpp)
  if(headers OR folder STREQUAL top)
    add_test(NAME headers.${folder} COMMAND Python3::Interpreter
      ${PROJECT_SOURCE_DIR}/tests/tidy/headers.py --compiler ${CMAKE_CXX_COMPILER}
      --source ${PROJECT_SOURCE_DIR} --folder ${folder} --jobs 1
      --flag=-DOFFERKIT_SEPARATE_COMPILATION --flag=-DASIO_STANDALONE
      --flag=-DASIO_SEPARATE_COMPILATION)
    set_tests_properties(headers.${folder} PROPERTIES LABELS headers TIMEOUT 900)
  endif()
endforeach()
