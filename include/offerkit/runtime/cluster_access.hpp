// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Where the cluster is and what lets us in: said by the caller, else by the environment, else by
/// the file that `offerkit dev` leaves for its user.

#include <offerkit/core/result.hpp>

#include <string>

namespace offerkit::runtime {

struct ClusterAccess {
    std::string master;  // "HOST:PORT" of frames.
    std::string http;    // URL of the operator API, for the tool.
    std::string token;
};

/// Of the file of `offerkit dev`: under $XDG_RUNTIME_DIR/offerkit, else in a folder of this user in
/// the temporary folder.
[[nodiscard]] std::string dev_file_path();

/// The file's text, one JSON object. `parse_` refuses: `malformed`.
[[nodiscard]] std::string format_dev_file(const ClusterAccess& access);
[[nodiscard]] Result<ClusterAccess> parse_dev_file(const std::string& text);

/// Fills in what `given` leaves empty: from OFFERKIT_MASTER, OFFERKIT_HTTP, OFFERKIT_TOKEN (or the
/// file that OFFERKIT_TOKEN_FILE names), and then all of it from the file of `offerkit dev`. The
/// token of that file goes only to the cluster that the file names.
/// Refuses: `not_found` when nobody names a master; a token file or dev file that others can read.
[[nodiscard]] Result<ClusterAccess> find_cluster(ClusterAccess given);

/// A token in a file that only its owner can read. Refuses: `forbidden`, `malformed`, `not_found`.
[[nodiscard]] Result<std::string> read_token_file(const std::string& path);

/// A new random token: 32 bytes from the kernel, as 64 hexadecimal digits.
[[nodiscard]] Result<std::string> make_token();

}  // namespace offerkit::runtime
