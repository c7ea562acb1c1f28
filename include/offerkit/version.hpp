// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The version of this library; `CMakeLists.txt` and this file say the same (a test compares them).

namespace offerkit {

inline constexpr int version_major = 0;
inline constexpr int version_minor = 1;
inline constexpr int version_patch = 0;
inline constexpr const char* version_text = "0.1.0";

}  // namespace offerkit
