# SPDX-License-Identifier: Apache-2.0
# `cmake --install`, find_package(offerkit) and pkg-config; tests/consume uses them all.
include(CMakePackageConfigHelpers)

get_property(exported GLOBAL PROPERTY OFFERKIT_EXPORTED)
install(TARGETS ${exported} EXPORT offerkit-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT offerkit-targets NAMESPACE offerkit::
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/offerkit)
get_property(exported GLOBAL PROPERTY OFFERKIT_EXPORTED_MASTER)
if(exported)  # A component of its own: it needs more of others than an author's program does.
  install(TARGETS ${exported} EXPORT offerkit-master-targets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT offerkit-master-targets NAMESPACE offerkit::
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/offerkit)
endif()
install(DIRECTORY include/offerkit DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN *.hpp PATTERN *.ipp PATTERN *.proto)

set(config ${CMAKE_CURRENT_BINARY_DIR}/generated/offerkit-config.cmake)
configure_package_config_file(cmake/offerkit-config.cmake.in ${config}
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/offerkit)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/generated/offerkit-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${config} ${CMAKE_CURRENT_BINARY_DIR}/generated/offerkit-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/offerkit)

# offerkit.pc is the compiled library, offerkit-headers.pc the headers alone. They find the prefix from
# where they lie: an installed tree may be moved.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
  BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/pkgconfig
  OUTPUT_VARIABLE OFFERKIT_PC_TO_PREFIX)
set(packages offerkit-headers)
if(OFFERKIT_LIBRARY)
  list(APPEND packages offerkit)
endif()
foreach(package IN LISTS packages)
  set(file ${CMAKE_CURRENT_BINARY_DIR}/generated/${package}.pc)
  configure_file(cmake/${package}.pc.in ${file} @ONLY)
  install(FILES ${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endforeach()
