# SPDX-License-Identifier: Apache-2.0
# The daemons, the tool and the examples. A program's sources but main.cpp are a library of their
# own, so that its tests link what it runs.

# offerkit_program(TARGET FOLDER OUTPUT): FOLDER/main.cpp as OUTPUT, the rest as TARGET_parts.
function(offerkit_program target folder output)
  set(root ${PROJECT_SOURCE_DIR}/${folder})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${root}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/(launcher|webui)/")
  if(NOT ${root}/main.cpp IN_LIST sources)
    return()
  endif()
  list(REMOVE_ITEM sources ${root}/main.cpp)
  add_executable(${target} ${root}/main.cpp)
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${output})
  offerkit_defaults(${target})
  if(sources)
    add_library(${target}_parts STATIC ${sources})
    offerkit_defaults(${target}_parts)
    target_link_libraries(${target}_parts PUBLIC offerkit_program_base)
    target_link_libraries(${target} PRIVATE ${target}_parts)
  endif()
  target_link_libraries(${target} PRIVATE offerkit_program_base)
  install(TARGETS ${target} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

add_library(offerkit_program_base INTERFACE)
target_include_directories(offerkit_program_base INTERFACE ${PROJECT_SOURCE_DIR})
target_link_libraries(offerkit_program_base INTERFACE offerkit_offerkit offerkit_http CLI11::CLI11
  nlohmann_json::nlohmann_json spdlog::spdlog tomlplusplus::tomlplusplus)

offerkit_program(offerkit_master_daemon daemons/master offerkit-master)
offerkit_program(offerkit_agent_daemon daemons/agent offerkit-agent)
offerkit_program(offerkit_tool tools offerkit)
if(EXISTS ${PROJECT_SOURCE_DIR}/daemons/agent/launcher/CMakeLists.txt)
  add_subdirectory(${PROJECT_SOURCE_DIR}/daemons/agent/launcher)
endif()

# `daemons`: what a cluster on this computer needs (scripts/quickstart), without the examples.
add_custom_target(daemons)
foreach(target offerkit_master_daemon offerkit_agent_daemon offerkit_launcher offerkit_tool)
  if(TARGET ${target})
    add_dependencies(daemons ${target})
  endif()
endforeach()

# Each folder of examples/ is one program on the public library alone.
file(GLOB examples CONFIGURE_DEPENDS LIST_DIRECTORIES true ${PROJECT_SOURCE_DIR}/examples/*)
foreach(folder IN LISTS examples)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  if(sources)
    get_filename_component(name ${folder} NAME)
    add_executable(example_${name} ${sources})
    offerkit_defaults(example_${name})
    target_link_libraries(example_${name} PRIVATE offerkit::offerkit)
    set_target_properties(example_${name} PROPERTIES OUTPUT_NAME ${name}
      RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/examples)
  endif()
endforeach()
