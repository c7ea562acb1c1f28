# SPDX-License-Identifier: Apache-2.0
# `cmake --install` and find_package(offerkit); tests/consume uses both.
include(CMakePackageConfigHelpers)

get_property(exported GLOBAL PROPERTY OFFERKIT_EXPORTED)
install(TARGETS ${exported} EXPORT offerkit-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT offerkit-targets NAMESPACE offerkit::
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/offerkit)
install(DIRECTORY include/offerkit DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN *.hpp PATTERN *.ipp PATTERN *.proto)

set(config ${CMAKE_CURRENT_BINARY_DIR}/generated/offerkit-config.cmake)
configure_package_config_file(cmake/offerkit-config.cmake.in ${config}
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/offerkit)
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/generated/offerkit-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${config} ${CMAKE_CURRENT_BINARY_DIR}/generated/offerkit-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/offerkit)
