# SPDX-License-Identifier: Apache-2.0
# What the compiled library and the programs stand on, from Debian's packages (scripts/setup). Each
# has its page in docs/decisions. Headers of others are SYSTEM: their warnings are not ours to fix.

find_package(Threads REQUIRED)
find_package(Protobuf REQUIRED)  # Debian ships no config file: CMake's own module.
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(SQLite3 REQUIRED)
find_path(OFFERKIT_ASIO_INCLUDE asio.hpp REQUIRED)
find_path(OFFERKIT_RESTINIO_INCLUDE restinio/all.hpp REQUIRED)
find_library(OFFERKIT_HTTP_PARSER http_parser REQUIRED)

# One set of Asio definitions for all of our code; Asio's own bodies are compiled once, which halves
# what each user costs. restinio::restinio is not linked because it would add definitions of its own.
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/generated/asio.cpp
     CONTENT "#include <asio/impl/src.hpp>
")
add_library(offerkit_asio STATIC ${CMAKE_CURRENT_BINARY_DIR}/generated/asio.cpp)
target_compile_features(offerkit_asio PUBLIC cxx_std_20)
target_compile_definitions(offerkit_asio PUBLIC ASIO_STANDALONE ASIO_SEPARATE_COMPILATION)
target_compile_options(offerkit_asio PRIVATE -w)
target_include_directories(offerkit_asio SYSTEM PUBLIC ${OFFERKIT_ASIO_INCLUDE})
target_link_libraries(offerkit_asio PUBLIC Threads::Threads)
set_property(GLOBAL APPEND PROPERTY OFFERKIT_EXPORTED offerkit_asio)

add_library(offerkit_http INTERFACE)
target_include_directories(offerkit_http SYSTEM INTERFACE ${OFFERKIT_RESTINIO_INCLUDE})
target_link_libraries(offerkit_http INTERFACE offerkit_asio fmt::fmt ${OFFERKIT_HTTP_PARSER})
set_property(GLOBAL APPEND PROPERTY OFFERKIT_EXPORTED offerkit_http)

# The tool's HTTP client. Debian compiles it with TLS and compression: the header must agree.
find_path(OFFERKIT_HTTPLIB_INCLUDE httplib.h REQUIRED)
find_library(OFFERKIT_HTTPLIB cpp-httplib REQUIRED)
add_library(offerkit_http_client INTERFACE)
target_include_directories(offerkit_http_client SYSTEM INTERFACE ${OFFERKIT_HTTPLIB_INCLUDE})
target_compile_definitions(offerkit_http_client INTERFACE CPPHTTPLIB_OPENSSL_SUPPORT
  CPPHTTPLIB_ZLIB_SUPPORT CPPHTTPLIB_BROTLI_SUPPORT)
target_link_libraries(offerkit_http_client INTERFACE ${OFFERKIT_HTTPLIB})
