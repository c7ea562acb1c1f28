// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The folder of this user that the file of `offerkit dev` lies in, and whatever else programs of
/// one user say to each other.

#include <offerkit/core/result.hpp>

#include <string>

namespace offerkit::tools {

/// Where it is, or would be.
[[nodiscard]] std::string user_folder();

/// Refuses: `forbidden` if it is not there, or others can get into it.
[[nodiscard]] Result<std::string> find_user_folder();

/// Makes it if need be. Refuses: `unavailable`; `forbidden` if others can get into it.
[[nodiscard]] Result<std::string> make_user_folder();

}  // namespace offerkit::tools
