# SPDX-License-Identifier: Apache-2.0
# The floor table: one INTERFACE target per folder of include/offerkit that is header-only, linked
# downward only. The tidy test holds every #include to the same table (tests/tidy/floors.py).

add_library(offerkit_headers INTERFACE)
add_library(offerkit::headers ALIAS offerkit_headers)
set_target_properties(offerkit_headers PROPERTIES EXPORT_NAME headers)
target_compile_features(offerkit_headers INTERFACE cxx_std_20)
target_include_directories(offerkit_headers INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
# Contracting a*b+c changes results between compilers; nothing may differ between two builds.
target_compile_options(offerkit_headers INTERFACE
  $<$<CXX_COMPILER_ID:GNU,Clang>:-ffp-contract=off>)

# offerkit_floor(NAME BELOW...): the target offerkit::NAME, which sees the floors BELOW.
function(offerkit_floor name)
  add_library(offerkit_${name} INTERFACE)
  add_library(offerkit::${name} ALIAS offerkit_${name})
  set_target_properties(offerkit_${name} PROPERTIES EXPORT_NAME ${name})
  list(TRANSFORM ARGN PREPEND offerkit_)
  target_link_libraries(offerkit_${name} INTERFACE offerkit_headers ${ARGN})
  set_property(GLOBAL APPEND PROPERTY OFFERKIT_EXPORTED offerkit_${name})
endfunction()
set_property(GLOBAL APPEND PROPERTY OFFERKIT_EXPORTED offerkit_headers)

offerkit_floor(core)
offerkit_floor(resources core)
offerkit_floor(model resources)
offerkit_floor(allocation model)
offerkit_floor(protocol model)
offerkit_floor(master allocation protocol)
offerkit_floor(agent allocation protocol)
offerkit_floor(framework allocation protocol)
offerkit_floor(executor allocation protocol)
set(OFFERKIT_HEADER_FLOORS
    core resources model allocation protocol master agent framework executor)
