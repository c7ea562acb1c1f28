# SPDX-License-Identifier: Apache-2.0
# The compiled library, one static archive per layer so that the simulator needs no Asio:
#
#   offerkit_machines  floors 0-4, the .ipp bodies compiled once (simulator and daemons both link it)
#   offerkit_wire      protocol structs to bytes and back      offerkit_record   logs and snapshots
#   offerkit_sim       the simulated world                     offerkit_runtime  the real one (Asio)
#
# offerkit::offerkit is all of them. Sources are globbed: adding a file is adding a file.

# offerkit_library(NAME FOLDER LINKS...): every .cpp under include/offerkit/FOLDER, if there is one.
function(offerkit_library name folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/offerkit/${folder}/*.cpp)
  add_library(offerkit_${name} STATIC ${sources})
  add_library(offerkit::${name} ALIAS offerkit_${name})
  set_target_properties(offerkit_${name} PROPERTIES EXPORT_NAME ${name})
  offerkit_defaults(offerkit_${name})
  target_link_libraries(offerkit_${name} PUBLIC ${ARGN})
  set_property(GLOBAL APPEND PROPERTY OFFERKIT_EXPORTED offerkit_${name})
endfunction()

offerkit_precompiled(offerkit_pch)

# One unit per folder, written here, that includes the folder's bodies: as few units as parallel
# builds can use. src.hpp, the same door by hand, is held to the same list by the tidy test.

offerkit_library(machines no_cpp_here offerkit_headers)
target_compile_definitions(offerkit_machines PUBLIC OFFERKIT_SEPARATE_COMPILATION)
foreach(folder IN LISTS OFFERKIT_HEADER_FLOORS)
  file(GLOB_RECURSE bodies CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/include
       ${PROJECT_SOURCE_DIR}/include/offerkit/${folder}/*.ipp)
  if(bodies)
    list(TRANSFORM bodies REPLACE "(.+)" "#include <\\1>\n")
    list(JOIN bodies "" unit)
    file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/generated/${folder}.cpp CONTENT "${unit}")
    target_sources(offerkit_machines PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/generated/${folder}.cpp)
  endif()
endforeach()

offerkit_compile_cheaply(offerkit_machines 1)

offerkit_library(wire wire offerkit_machines)
offerkit_protobuf(offerkit_wire wire)
offerkit_compile_cheaply(offerkit_wire 20)
offerkit_library(record record offerkit_wire)
offerkit_protobuf(offerkit_record record)
add_dependencies(offerkit_record offerkit_wire_proto)
offerkit_build_id(offerkit_record)
offerkit_compile_cheaply(offerkit_record 20)
set(folder include/offerkit/record)
offerkit_unit(offerkit_record fields ${folder} codec*.cpp state_*.cpp log.cpp resources.cpp
              snapshot.cpp)
offerkit_unit(offerkit_record replay ${folder} replay.cpp summary.cpp)
offerkit_unit(offerkit_record stored ${folder} checkpoint_codec.cpp registry_codec.cpp)
offerkit_library(sim sim offerkit_record)
offerkit_compile_cheaply(offerkit_sim 20)
offerkit_library(runtime runtime offerkit_record offerkit_asio)
offerkit_compile_cheaply(offerkit_runtime 20)
# The HTTP server stays alone: RESTinio brings names and warnings that do not mix with others'.
set(folder include/offerkit/runtime)
offerkit_unit(offerkit_runtime asio ${folder} detail/*.cpp hub.cpp link.cpp signals.cpp)
offerkit_unit(offerkit_runtime machines ${folder} live_master.cpp recorder.cpp run_framework.cpp
              cluster_access.cpp durable_store.cpp id_file.cpp store_files.cpp work_dir.cpp
              file_state_store.cpp store/*.cpp)
target_link_libraries(offerkit_runtime PRIVATE offerkit_http spdlog::spdlog
                      nlohmann_json::nlohmann_json SQLite::SQLite3)

add_library(offerkit_offerkit INTERFACE)
add_library(offerkit::offerkit ALIAS offerkit_offerkit)
set_target_properties(offerkit_offerkit PROPERTIES EXPORT_NAME offerkit)
target_link_libraries(offerkit_offerkit INTERFACE offerkit_runtime offerkit_sim)
set_property(GLOBAL APPEND PROPERTY OFFERKIT_EXPORTED offerkit_offerkit)
