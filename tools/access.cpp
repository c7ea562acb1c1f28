// SPDX-License-Identifier: Apache-2.0

#include "access.hpp"

#include "commands.hpp"

#include <utility>

namespace offerkit::tools {

int find_access(const AccessOptions& options, runtime::ClusterAccess& found) {
    runtime::ClusterAccess given = options.given;
    if (!options.token_file.empty()) {
        Result<std::string> token = runtime::read_token_file(options.token_file);
        if (!token) return fail(exit_usage, format_refusal(token.error()));
        given.token = std::move(*token);
    }
    Result<runtime::ClusterAccess> access = runtime::find_cluster(std::move(given));
    if (!access) return fail(exit_cluster, format_refusal(access.error()));
    if (access->http.empty()) {
        return fail(exit_cluster,
                    "this program: find the HTTP API: nobody says where it is; "
                    "give --http http://HOST:PORT, or set OFFERKIT_HTTP");
    }
    found = std::move(*access);
    return exit_done;
}

}  // namespace offerkit::tools
