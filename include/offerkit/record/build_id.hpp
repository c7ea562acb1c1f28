// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the records of this build say of themselves. Two programs with the same text replay each
/// other's logs: the version, a checksum over the sources of the machines and of this floor, and
/// the compiler.

#include <string>

namespace offerkit::record {

/// "offerkit 0.1.0, sources 1f6c9a20b7d4, compiled by 12.2.0".
[[nodiscard]] std::string build_text();

namespace detail {

const char* sources_id();  // Written by cmake/BuildId.cmake.

}  // namespace detail
}  // namespace offerkit::record
