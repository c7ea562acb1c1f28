# SPDX-License-Identifier: Apache-2.0
# The daemons, the tool and the examples. A program's sources but main.cpp are a library of their
# own, so that its tests link what it runs.

# offerkit_parts(TARGET FOLDER LINKS...): the .cpp files of FOLDER but main.cpp as a library.
function(offerkit_parts target folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/(launcher|webui)/|/main\\.cpp$")
  if(sources)
    add_library(${target} STATIC ${sources})
    offerkit_defaults(${target})
    target_link_libraries(${target} PUBLIC ${ARGN})
    offerkit_compile_cheaply(${target} 20)
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${ARGN})
  endif()
endfunction()

# offerkit_program(TARGET FOLDER OUTPUT): FOLDER/main.cpp as OUTPUT, the rest as TARGET_parts.
function(offerkit_program target folder output)
  offerkit_parts(${target}_parts ${folder} offerkit_program_common)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${folder}/main.cpp)
    add_executable(${target} ${PROJECT_SOURCE_DIR}/${folder}/main.cpp)
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${output})
    offerkit_defaults(${target})
    target_link_libraries(${target} PRIVATE ${target}_parts)
    offerkit_compile_cheaply(${target} 1)
    install(TARGETS ${target} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    file(GLOB units CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.service)
    # Not CMAKE_INSTALL_LIBDIR, which may name the machine: systemd looks in lib/systemd alone.
    install(FILES ${units} DESTINATION lib/systemd/system)
  endif()
endfunction()

add_library(offerkit_program_base INTERFACE)
target_include_directories(offerkit_program_base INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
target_link_libraries(offerkit_program_base INTERFACE offerkit_offerkit offerkit_http CLI11::CLI11
  nlohmann_json::nlohmann_json spdlog::spdlog tomlplusplus::tomlplusplus)
offerkit_parts(offerkit_program_common daemons/common offerkit_program_base)

offerkit_program(offerkit_master_daemon daemons/master offerkit-master)
# For masters with a policy of their own (offerkit/master_main.hpp).
add_library(offerkit::master_main ALIAS offerkit_master_daemon_parts)
set_target_properties(offerkit_master_daemon_parts PROPERTIES EXPORT_NAME master_main)
set_property(GLOBAL APPEND PROPERTY OFFERKIT_EXPORTED_MASTER offerkit_master_daemon_parts
             offerkit_program_common offerkit_program_base)
offerkit_program(offerkit_agent_daemon daemons/agent offerkit-agent)
offerkit_program(offerkit_tool tools offerkit)
get_target_property(kind offerkit_tool_parts TYPE)
if(NOT kind STREQUAL INTERFACE_LIBRARY)
  target_link_libraries(offerkit_tool_parts PRIVATE offerkit_http_client)
  offerkit_unit(offerkit_tool_parts json tools agent.cpp dev_cluster.cpp events.cpp http_peer.cpp
                job_place.cpp list.cpp list_tables.cpp logs.cpp print_why.cpp quota.cpp registry.cpp
                results.cpp sandbox.cpp top.cpp why.cpp)
  offerkit_unit(offerkit_tool_parts jobs tools batch.cpp duration.cpp fit.cpp jobs.cpp jobs_reader.cpp
                progress.cpp replay.cpp results_file.cpp run.cpp run_jobs.cpp)
  offerkit_unit(offerkit_tool_parts cli tools cli.cpp cli_commands.cpp cli_tree.cpp
                command_tree.cpp)
  offerkit_unit(offerkit_tool_parts other tools access.cpp completions.cpp dev.cpp dev_children.cpp
                fetch.cpp job_desk.cpp manual.cpp stream.cpp user_folder.cpp)
  # The tool writes them itself, from what its --help shows.
  set(generated "\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/share")
  install(CODE "
    function(generate file)
      get_filename_component(folder \"${generated}/\${file}\" DIRECTORY)
      file(MAKE_DIRECTORY \"\${folder}\")
      execute_process(COMMAND \"$<TARGET_FILE:offerkit_tool>\" \${ARGN}
        OUTPUT_FILE \"${generated}/\${file}\" COMMAND_ERROR_IS_FATAL ANY)
    endfunction()
    generate(bash-completion/completions/offerkit completions bash)
    generate(zsh/site-functions/_offerkit completions zsh)
    generate(fish/vendor_completions.d/offerkit.fish completions fish)
    generate(man/man1/offerkit.1 man)
    foreach(command run why logs events top agent quota registry replay)
      generate(man/man1/offerkit-\${command}.1 man \${command})
    endforeach()")
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/reference/schema DESTINATION share/offerkit)
  # It waits for the master and for people.
  target_compile_options(offerkit_tool_parts PRIVATE $<$<CONFIG:Release>:-O1>)
endif()
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
add_custom_target(examples)
file(GLOB examples CONFIGURE_DEPENDS LIST_DIRECTORIES true ${PROJECT_SOURCE_DIR}/examples/*)
foreach(folder IN LISTS examples)
  file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
  if(sources)
    get_filename_component(name ${folder} NAME)
    add_executable(example_${name} ${sources})
    add_dependencies(examples example_${name})
    offerkit_defaults(example_${name})
    offerkit_compile_cheaply(example_${name} 1)
    target_link_libraries(example_${name} PRIVATE offerkit::offerkit)
    if(name STREQUAL custom_policy)
      target_link_libraries(example_${name} PRIVATE offerkit::master_main)
    endif()
    set_target_properties(example_${name} PROPERTIES OUTPUT_NAME ${name}
      RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/examples)
  endif()
endforeach()
