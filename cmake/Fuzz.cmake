# SPDX-License-Identifier: Apache-2.0
# tests/fuzz/NAME.cpp holds LLVMFuzzerTestOneInput for one decoder. With OFFERKIT_FUZZ it is a
# libFuzzer program, fuzz_NAME (scripts/test runs it for a while); in every other build the same
# function replays the kept inputs of tests/fuzz/seeds/NAME as a test. A target that tests a program's
# source names it, as in `// with: tools/jobs.cpp`, so that the fuzz build needs no programs.

file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/*.cpp)
foreach(source IN LISTS fuzz_sources)
  get_filename_component(name ${source} NAME_WE)
  file(STRINGS ${source} others REGEX "^// with: ")
  list(TRANSFORM others REPLACE "^// with: +" "${PROJECT_SOURCE_DIR}/")
  if(OFFERKIT_FUZZ)
    add_executable(fuzz_${name} ${source} ${others})
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(fuzz_${name} ${source} ${others}
                   ${PROJECT_SOURCE_DIR}/tests/support/replay_seeds.cpp)
    add_test(NAME fuzz.${name}.seeds
             COMMAND fuzz_${name} ${PROJECT_SOURCE_DIR}/tests/fuzz/seeds/${name})
    set_tests_properties(fuzz.${name}.seeds PROPERTIES LABELS fuzz
                         TIMEOUT ${OFFERKIT_TEST_TIMEOUT})
  endif()
  offerkit_defaults(fuzz_${name})
  target_include_directories(fuzz_${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(fuzz_${name} PRIVATE offerkit_record offerkit_proto_private
                        nlohmann_json::nlohmann_json offerkit_test_base)
endforeach()
